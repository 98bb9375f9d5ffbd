"""A sampler of real samples in the place of generated ones, as controls of scores under conditions need it."""

import torch


class RealRows:
    """A sampler that answers the condition of row i of a split with the real sample of row `order[i]`."""

    def __init__(self, dataset, split, pairs, order):
        self.samples, self.pairs, self.order = dataset.split(split).samples, pairs, order

    def __call__(self, n, seed):
        return self.of_rows(torch.arange(n), seed)

    def of_rows(self, rows, seed):
        return self.samples[self.order[rows]].float() / 255
