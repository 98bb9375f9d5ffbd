"""Draws points and pictures for the data sets that are not read from files."""
