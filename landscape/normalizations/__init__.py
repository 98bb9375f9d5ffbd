"""Normalizations, one file each: how a layer is wrapped, and which layer follows it."""
