"""From frames to figures to HTML: `landscape.report.build.build`. Never torch."""
