"""Architectures, one file each: a generator and a discriminator for every resolution they support."""
