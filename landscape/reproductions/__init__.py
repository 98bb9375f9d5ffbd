"""Published tables re-run, one file a paper."""
