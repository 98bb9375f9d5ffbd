"""Turns frames into tables, figures and HTML pages: see `landscape.report.build.build`. This room never imports torch."""
