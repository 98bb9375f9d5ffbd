"""A GAN and its training: networks, objectives, rounds of updates, optimizers and the data stream. It knows nothing of scores or files."""
