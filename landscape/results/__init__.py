"""Results on disk: records, scores, the folders of studies. Needs neither torch nor pandas."""
