"""Data sets, one file each: uint8 images (N, C, H, W) or float32 points (N, D), with labels."""
