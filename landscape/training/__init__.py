"""A GAN and its training: networks, objectives, rounds of updates, optimizers, the data stream. Knows nothing of scores or files."""
