"""Holds one file for each figure. Its `data` returns a frame, and its `draw` draws it."""
