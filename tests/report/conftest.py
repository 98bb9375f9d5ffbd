"""Synthetic studies for the report's tests."""

import pytest
from helpers import browser as browsers
from helpers import synthetic_study


@pytest.fixture(scope="session")
def synthetic():
    """The module that writes synthetic studies."""
    return synthetic_study


def undrawn_figures(patch):
    """Figures have their data but are not drawn: drawing takes most of a report's time."""
    from landscape.report import study_figures
    from landscape.report.figures._style import Rendered

    rendered = Rendered(b"<svg/>", b"png", b"%PDF", '<svg aria-hidden="true"></svg>')

    def undrawn(name, title, caption, alt, frame, draw):
        return study_figures.Drawn(name, title, caption, alt, frame, rendered) if len(frame) else None

    patch.setattr(study_figures, "drawn_figure", undrawn)


@pytest.fixture(scope="session")
def undrawn():
    """`undrawn_figures`, for fixtures of tests that share what they build."""
    return undrawn_figures


@pytest.fixture
def quick_figures(monkeypatch):
    """For tests that look at something else than figures."""
    undrawn_figures(monkeypatch)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium of the system; tests skip where there is none."""
    if browsers.executable() is None:
        pytest.skip("no Chromium on this machine: install chromium, or name one in LANDSCAPE_BROWSER")
    pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with browsers.chromium() as running:
        yield running


@pytest.fixture(scope="session")
def reported(synthetic, tmp_path_factory):
    """Call it with what `write_study` takes: a study is written and reported without figures; returns the folder of its page."""
    from landscape.report.build import build

    made = {}

    def report(trials, change=None, **how):
        key = (trials, change, *sorted(how.items()))
        if key not in made:
            root = tmp_path_factory.mktemp("reported")
            study = synthetic.write_study(root / "results", trials, **how)
            if change is not None:
                change(study)
            with pytest.MonkeyPatch.context() as patch:
                undrawn_figures(patch)
                made[key] = build(root / "results", root / "reports")[0].parent
        return made[key]

    return report
