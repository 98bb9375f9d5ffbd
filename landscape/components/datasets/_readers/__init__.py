"""Reads official file formats, and downloads files. A damaged file ends in one line that names it, never in a traceback."""
