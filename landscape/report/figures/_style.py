"""Decides how every figure looks: a color and a marker for each label, ink that follows the page, and files from one drawing."""

import base64
import contextlib
import functools
import io
import re
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ParamSpec

import fontTools.subset
import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from landscape.analysis.frames import ScoreFacts
from landscape.report.formats import number

P = ParamSpec("P")

INK, GRID, FAINT = "#1f2733", "#d9dee5", "#6b7685"
WIDTH, NARROW = 5.2, 3.9
"""Widths in inches. A figure fills a half of a wide page, or a third if it is narrow, or a whole phone, and can be read on both."""

# These are the colors of Okabe and Ito 2008 without yellow and black, which are too faint, and three of Tol's to reach ten.
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8C6BB1", "#999933", "#AA4466", "#44AA99")
NEUTRAL = "#7F8794"
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")
_FIXED = {
    **{"non_saturating": 0, "least_squares": 1, "minimax": 5, "wasserstein": 3, "hinge": 2},
    **{"batch": 1, "layer": 4, "spectral": 0, "instance": 5},
    **{"gradient_penalty": 0, "dragan": 2, "l2": 3, "r1": 4},
    **{"dcgan": 0, "sndcgan": 2, "resnet_cifar": 3, "resnet19": 4, "mlp": 1},
}
"""The slots of common components, so that a loss has the same color in every study. Components of one axis share no slot."""


@dataclass(frozen=True)
class LabelStyle:
    """The color and the marker of a label. No label is shown by its color alone."""

    color: str
    marker: str


def label_styles(labels: Iterable[str]) -> dict[str, LabelStyle]:
    """Return a style for each label, whatever their order. `none` is gray. Labels beyond ten share a color, but with another marker."""
    styles: dict[str, LabelStyle] = {}
    taken: set[int] = set()
    ordered = sorted(set(labels), key=lambda label: (_base(label) not in _FIXED, label))
    for label in ordered:
        if _base(label) == "none":
            styles[label] = LabelStyle(NEUTRAL, "o")
            continue
        slot = _FIXED.get(_base(label), zlib.crc32(label.encode()) % len(PALETTE))
        while slot in taken and len(taken) < len(PALETTE):
            slot = (slot + 1) % len(PALETTE)
        shift = len([s for s in styles.values() if s.color == PALETTE[slot]])
        taken.add(slot)
        styles[label] = LabelStyle(PALETTE[slot], MARKERS[(slot + shift) % len(MARKERS)])
    return styles


def _base(label: str) -> str:
    return label.split("[")[0]


def new_figure(height: float, width: float = WIDTH) -> tuple[Figure, Axes]:
    """Return an empty figure in the house style. `height` is in inches."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def house_style(draw: Callable[P, Figure]) -> Callable[P, Figure]:
    """Decorate a `draw`, so that all that it draws takes the settings below, whatever the process has set."""

    @functools.wraps(draw)
    def styled(*args: P.args, **kwargs: P.kwargs) -> Figure:
        with mpl.rc_context(RC):
            return draw(*args, **kwargs)

    return styled


RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "text.color": INK,
    "text.parse_math": False,  # A component may be called `$x`.
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,  # Journals want TrueType fonts and refuse Type 3.
    "svg.hashsalt": "landscape",
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


def score_label(facts: ScoreFacts) -> str:
    """Return the label of an axis: the name, the unit and the better direction of a score."""
    hint = {"lower": "lower is better", "higher": "higher is better"}.get(facts.direction, "")
    unit = f" ({facts.unit})" if facts.unit and facts.unit != "share" else ""
    return f"{facts.name}{unit}" + (f", {hint}" if hint else "")


def scale(axes: Axes, which: str, values: Iterable[float], *, log: bool | None = None) -> None:
    """Set a log axis if positive values span more than a factor of 8 and most are low, or if `log` says so; else a linear one."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    finite = sorted(v for v in values if pd.notna(v) and abs(v) != float("inf"))
    can = bool(finite) and finite[0] > 0
    looks = can and finite[-1] / finite[0] > 8 and finite[len(finite) // 2] < 0.35 * finite[-1]
    if (can and log) or (looks and log is None):
        (axes.set_xscale if which == "x" else axes.set_yscale)("log")
        span = finite[-1] / finite[0]
        subs = (1.0, 2.0, 5.0) if span < 200 else (1.0,)
        axis.set_major_locator(LogLocator(base=10, subs=subs, numticks=12))
        axis.set_minor_locator(NullLocator())
        axis.set_minor_formatter(NullFormatter())
    else:
        axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))


def tick_text(value: float) -> str:
    """Return the text of a tick: `2e-4` for 0.0002, `12,000`, `0.5`."""
    if value != 0 and (abs(value) < 1e-3 or abs(value) >= 1e6):
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa.removesuffix('.0')}e{int(exponent)}"
    return f"{value:,.6g}"


def headline(axes: Axes, text: str) -> None:
    """Write what the vertical axis shows above it, where it can be read without turning the head."""
    axes.set_title(text, loc="left", fontsize=9, color=INK, pad=7)


def legend_below(figure: Figure, axes: Axes, columns: int = 3) -> None:
    """Draw the legend under the figure, where it covers nothing. There is none if there is nothing to name."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower left", ncols=columns, columnspacing=1.3, handlelength=1.8, handletextpad=0.5)


def draw_floor(axes: Axes, floor: float | None, *, vertical: bool) -> None:
    """Draw the score of real data against other real data. No honest model is expected to score better."""
    if floor is None:
        return
    line = axes.axvline if vertical else axes.axhline
    line(floor, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), label=f"real against real: {number(floor)}", zorder=1.5)


@dataclass(frozen=True)
class Rendered:
    """One figure as files, and as it is embedded in a page."""

    svg: bytes
    png: bytes
    pdf: bytes
    """The figure as PDF, 3.3 inches wide like a column of a paper, with its fonts embedded."""
    inline: str
    """The SVG element for a page, whose ink is the page's text color."""

    @property
    def png_uri(self) -> str:
        """The PNG as a data URI, for a page that runs no script."""
        return "data:image/png;base64," + base64.b64encode(self.png).decode()


def render(figure: Figure, name: str, title: str) -> Rendered:
    """Draw a figure as SVG, as PNG (160 dpi, white ground) and as PDF. Equal figures give equal bytes."""
    with mpl.rc_context(RC), warnings.catch_warnings():
        # Matplotlib warns about labels in a script that the font lacks, for which browsers take another font and the PNG shows boxes, and
        # about labels that are wider than the figure, for which the layout stays as it was. A user could change neither.
        warnings.filterwarnings("ignore", module="matplotlib")
        warnings.filterwarnings("ignore", message="Glyph .* missing from font|.*_layout not applied")
        vector, pixels, paper = io.BytesIO(), io.BytesIO(), io.BytesIO()
        figure.savefig(vector, format="svg", metadata={"Date": None, "Title": title})
        # The layout of the SVG is kept, because computing it again takes half of the time. With the engine "none", which is a placeholder,
        # matplotlib would draw each figure once more to lay nothing out.
        figure.set_layout_engine(None)
        figure.savefig(pixels, format="png", dpi=160, metadata={"Software": None, "Title": title})
        with lean_fonts():
            figure.savefig(paper, format="pdf", metadata={"CreationDate": None, "Title": title})
    svg = re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", vector.getvalue())  # A name may have them, and XML has none.
    return Rendered(svg, pixels.getvalue(), paper.getvalue(), _inline(svg.decode(), name))


LAYOUT_TABLES = ("BASE", "GDEF", "GPOS", "GSUB", "MATH", "kern")
"""The tables of a font that place glyphs beside each other."""


@contextlib.contextmanager
def lean_fonts() -> Iterator[None]:
    """Inside, fonts are embedded without the tables by which text is laid out.

    In a PDF the text is laid out already, so nothing reads them, and to parse them takes a quarter of the time of a figure.
    """
    plain = fontTools.subset.Options

    class Lean(plain):  # type: ignore[misc, valid-type]  # fontTools has no annotations
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.drop_tables += LAYOUT_TABLES

    fontTools.subset.Options = Lean
    try:
        yield
    finally:
        fontTools.subset.Options = plain


def _inline(svg: str, name: str) -> str:
    """Return the `<svg>` element alone, with ids that are unique in the page, no white ground, and the ink and grid of the page."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.S)
    body = re.sub(r"<title>.*?</title>", "", body, count=1, flags=re.S)
    body = re.sub(r"<style.*?</style>", "", body, flags=re.S)  # The page's policy forbids this style, and style.css has the same rule.
    body = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', body)
    body = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'xlink:href="#([^"]+)"', rf'href="#{name}-\1"', body)
    body = re.sub(r' width="[^"]*" height="[^"]*"', "", body, count=1) if 'viewBox="' in body else body
    body = body.replace('xmlns:xlink="http://www.w3.org/1999/xlink" ', "").replace(' xmlns="http://www.w3.org/2000/svg"', "")
    body = body.replace(INK, "currentColor").replace(GRID, "var(--grid)").replace(FAINT, "var(--faint)")
    body = body.replace("fill: #ffffff", "fill: none").replace("fill: white", "fill: none")
    return body.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)


def unstyled(svg: str) -> str:
    """Return an inline SVG with attributes in the place of styles, which the policy of a page with scripts forbids.

    Matplotlib writes no property that SVG does not have as an attribute.
    """
    return re.sub(r' style="([^"]*)"', lambda found: "".join(_attribute(part) for part in found[1].split(";")), svg)


def _attribute(declaration: str) -> str:
    name, _, value = declaration.partition(":")
    return f' {name.strip()}="{value.strip()}"' if value.strip() else ""
