"""Small numerical helpers that several kinds of component share."""
