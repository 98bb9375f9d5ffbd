"""Results on disk: records, scores and the folders of studies. Nothing here needs torch or pandas."""
