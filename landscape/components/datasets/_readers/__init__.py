"""Readers of official file formats, and downloads. A damaged file ends in one line that names it, never in a traceback."""
