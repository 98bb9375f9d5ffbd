"""Synthetic studies for the report's tests."""

import pytest
from helpers import synthetic_study


@pytest.fixture(scope="session")
def synthetic():
    """The module that writes synthetic studies."""
    return synthetic_study


@pytest.fixture
def quick_figures(monkeypatch):
    """Figures have their data but are not drawn: for tests that look at something else. Drawing takes most of a report's time."""
    from landscape.report import study_figures
    from landscape.report.figures._style import Rendered

    rendered = Rendered(b"<svg/>", b"png", '<svg aria-hidden="true"></svg>')

    def undrawn(name, title, caption, alt, frame, draw):
        return study_figures.Drawn(name, title, caption, alt, frame, rendered) if len(frame) else None

    monkeypatch.setattr(study_figures, "_drawn", undrawn)
