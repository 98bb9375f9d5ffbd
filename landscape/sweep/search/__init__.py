"""Who proposes the next trial: at random, on a grid, or by a model of what was seen."""
