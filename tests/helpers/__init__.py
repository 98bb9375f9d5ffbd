"""What tests share: imported as `helpers.<name>`, for `tests/` is on the path."""
