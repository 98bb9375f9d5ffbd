"""Points and pictures that are drawn in place of being read."""
