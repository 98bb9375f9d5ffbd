"""From frames to figures to HTML. Never torch."""
