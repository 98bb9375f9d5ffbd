"""A headless Chromium of the system, driven by Playwright, with pages that record what goes wrong in them."""

import gzip
import os
import shutil
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
WHOLE_PAGE = """async () => {
  const frame = () => new Promise((go) => requestAnimationFrame(() => setTimeout(go, 0)));
  for (const view of document.querySelectorAll("[id^=view-]")) {
    if (!view.offsetParent) continue;
    view.scrollIntoView();
    for (let i = 0; i < 2 || ("stale" in view.dataset && i < 400); i++) await frame();
  }
  scrollTo(0, 0);
  for (let i = 0; i < 3; i++) await frame();
}"""
"""Every view is scrolled into sight and waited for until it shows what is chosen. On a busy machine this takes some frames."""


def executable() -> str | None:
    """Return the browser to use: `LANDSCAPE_BROWSER`, or the first one that the system has."""
    return os.environ.get("LANDSCAPE_BROWSER") or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def chromium():
    """Yield a running browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=["--no-sandbox"])
        yield browser
        browser.close()


class Visit:
    """Open one page in a context of its own. `problems` contains console errors, script errors and requests that left the page."""

    def __init__(self, browser, file: Path, fragment: str = "", width: int = 1280, scheme: str = "light", **how):
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, **how)
        self.page = self.context.new_page()
        self.problems = []
        self.page.set_default_timeout(60_000)
        self.page.on("console", lambda m: self.problems.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        self.address = file.resolve().as_uri()
        self.page.on("request", self._requested)
        self.page.goto(self.address + fragment)

    def _requested(self, request):
        if request.url.partition("#")[0] != self.address and not request.url.startswith(("data:", "blob:")):
            self.problems.append(f"request: {request.url}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()

    def look_at_everything(self):
        """Scroll through the page, so that every view is drawn."""
        self.page.evaluate(WHOLE_PAGE)

    @property
    def overflow(self) -> int:
        """Return the number of pixels by which the page is wider than the window."""
        return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

    @property
    def fragment(self) -> str:
        return self.page.evaluate("decodeURIComponent(location.hash)")


AXE = Path(__file__).parents[1] / "report" / "vendor" / "axe.min.js.gz"


def violations(seen: Visit) -> list[str]:
    """Return what axe-core finds on the page as it is shown, minor findings aside."""
    seen.page.evaluate(gzip.decompress(AXE.read_bytes()).decode())
    found = seen.page.evaluate("axe.run({resultTypes: ['violations']}).then((r) => r.violations)")
    return [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found if v["impact"] in ("serious", "critical", "moderate")]
