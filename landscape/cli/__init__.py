"""The command line: parse, call, print. One file a command; `main` is what the console script runs."""

from landscape.cli.app import main

__all__ = ["main"]
