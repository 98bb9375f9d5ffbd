"""Feature extractors, one file each: what a score looks through."""
