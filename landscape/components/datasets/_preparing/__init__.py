"""From files of any kind to prepared arrays: read once, cropped and resized, kept in the cache, mapped afterwards."""
