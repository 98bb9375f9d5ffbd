"""One file a figure: `data` gives its frame, `draw` draws it."""
