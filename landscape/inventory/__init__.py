"""What a user can choose from or work with: components with their hyperparameters, prepared data, and this machine."""
