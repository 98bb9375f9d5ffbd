"""The game on a line: its recipe and its page."""
