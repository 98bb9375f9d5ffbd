"""Losses, one file each. A loss maps critic outputs on real and fake samples to what D and G minimize."""
