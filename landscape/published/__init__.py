"""Published numbers, protocols and findings."""
