"""Code that tests share. It is imported as `helpers.<name>`, because `tests/` is on the path."""
