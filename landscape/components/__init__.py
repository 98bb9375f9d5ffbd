"""The parts that a trial is made of: one folder per axis, one file per component, found by name."""
