"""Pictures as SVG, with axes that all look alike and lines that stay small."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from surefoot.report.walk_log import FloatArray

BLUE, ORANGE, GREY, RED, GREEN = "#2f6db3", "#e07b39", "#9aa0a6", "#c0392b", "#3a8f5c"
WIDTH_IN = 9.0
MOST_POINTS = 1500
"""Of a line: more would not be seen, and a page of ten minutes would be too large for a phone."""


def blank(
    rows: int = 1,
    columns: int = 1,
    height_in: float = 2.6,
    *,
    sharex: bool = True,
    width_in: float = WIDTH_IN,
    shares: Sequence[float] | None = None,
) -> tuple[Figure, list[Axes]]:
    """An empty picture and its axes, row by row; `shares` are the rows' heights to each other, equal if not given."""
    figure = Figure(figsize=(width_in, height_in), layout="constrained")
    FigureCanvasSVG(figure)
    axes = list(np.atleast_1d(figure.subplots(rows, columns, sharex=sharex, height_ratios=shares)).flat)
    for each in axes:
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=8)
        each.grid(visible=True, alpha=0.2)
    return figure, axes


def thinned(time_s: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """The least and the greatest value of each of some hundred stretches: peaks are kept, whatever is left out."""
    count = len(time_s)
    if count <= MOST_POINTS:
        return time_s, values
    edges = np.linspace(0, count, MOST_POINTS // 2 + 1).astype(int)[:-1]
    low, high = np.fmin.reduceat(values, edges), np.fmax.reduceat(values, edges)
    middle = time_s[edges]
    return np.repeat(middle, 2), np.stack([low, high], axis=1).ravel()


def line(axes: Axes, curve: tuple[FloatArray, FloatArray], color: str, label: str = "", width: float = 0.9) -> None:
    """A thinned line through values over time."""
    if len(curve[0]):
        axes.plot(*thinned(*curve), color=color, linewidth=width, label=label or None)


def legend(axes: Axes) -> None:
    """Where there are names."""
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=7, loc="lower right", bbox_to_anchor=(1.0, 0.97), ncols=3, frameon=False)


def svg(figure: Figure, what: str) -> str:
    """The picture, to be put into a page; the same each time. `what` is read to those who cannot see it."""
    file = io.StringIO()
    with rc_context({"svg.hashsalt": what, "svg.fonttype": "none", "path.simplify": True}):
        figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    text = file.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    return text.replace("<svg", f'<svg role="img" aria-label="{_quoted(what)}"', 1)


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")


def spread(figures: Sequence[float]) -> tuple[float, float, float]:
    """Median, 99 % and the greatest."""
    ordered = np.sort(np.asarray(figures, dtype=float))
    return float(np.median(ordered)), float(np.quantile(ordered, 0.99)), float(ordered[-1])
