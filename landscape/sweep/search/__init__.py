"""The searchers: they propose the next setting at random, on a grid, or by a model of what was seen."""
