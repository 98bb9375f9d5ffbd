"""What there is: components with their hyperparameters, prepared data, and this machine."""
