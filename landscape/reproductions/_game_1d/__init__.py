"""The game on a line: recipe and page."""
