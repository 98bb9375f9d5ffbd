"""Turns files of any kind into prepared arrays, which are read once, cropped and resized, kept in the cache, and mapped afterwards."""
