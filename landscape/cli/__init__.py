"""Holds the command line, one file for each command. The console script runs `main`."""

from landscape.cli.app import main

__all__ = ["main"]
