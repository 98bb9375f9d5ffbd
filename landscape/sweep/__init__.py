"""Searches: Ray Tune runs the trials of a study, Optuna or scikit-learn propose them. The only place that imports ray or optuna."""
