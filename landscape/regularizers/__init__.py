"""Penalties, remedies and tricks, one file each; every one declares where it acts and is called there and nowhere else."""
