"""A run's learning curves as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from surefoot_training.run.journal import read_journal

_BLUE, _ORANGE = "#2f6db3", "#e07b39"
_POINTS = 200  # that a curve is smoothed to


def draw_curves(journal: Path, file: Path, title: str) -> None:
    """What `progress.jsonl` says, over control steps."""
    entries = read_journal(journal)
    figure = Figure(figsize=(11, 8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(3, 2, sharex=True).flat
    panels: Sequence[tuple[str, Sequence[tuple[str, str]]]] = (
        ("reward per step", [("reward/step", "")]),
        ("error", [("episode/speed_error_mps", "speed, m/s"), ("episode/yaw_rate_error_radps", "yaw rate, rad/s")]),
        ("falls per episode", [("episode/falls", "")]),
        ("curriculum", [("curriculum/level_mean", "terrain level"), ("curriculum/unlocked_share", "speeds unlocked")]),
        ("policy", [("policy/std", "standard deviation"), ("policy/kl", "KL per iteration")]),
        ("critic: variance explained", [("value/explained_variance", "")]),
    )
    for axis, (name, curves) in zip(axes, panels, strict=True):
        axis.set_title(name, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        for (key, label), color in zip(curves, (_BLUE, _ORANGE), strict=False):
            _draw(axis, entries, key, label, color)
        if axis.get_legend_handles_labels()[1]:
            axis.legend(fontsize=8)
    for axis in axes[-2:]:
        axis.set_xlabel("million control steps")
    figure.suptitle(title, fontsize=11)
    figure.savefig(file)


def _draw(axis: Axes, entries: Sequence[dict[str, float | None]], key: str, label: str, color: str) -> None:
    told = [(entry["steps"], entry[key]) for entry in entries if entry.get(key) is not None]
    if not told:
        return
    steps, values = np.array(told, dtype=float).T
    axis.plot(steps / 1e6, values, color=color, linewidth=0.6, alpha=0.3)
    width = max(1, len(values) // _POINTS)
    whole = len(values) // width * width
    axis.plot(
        steps[:whole].reshape(-1, width).mean(1) / 1e6,
        values[:whole].reshape(-1, width).mean(1),
        color=color,
        linewidth=1.4,
        label=label or None,
    )
