"""What decides a trained model and what decides a score, as data: checked, completed from the components, digested."""
