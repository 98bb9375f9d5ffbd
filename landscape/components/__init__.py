"""What a trial is made of, one folder an axis and one file a component, found by name."""
