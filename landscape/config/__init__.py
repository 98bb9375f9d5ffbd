"""Data that decide a trained model and data that decide a score: checked, completed from the components, and digested."""
