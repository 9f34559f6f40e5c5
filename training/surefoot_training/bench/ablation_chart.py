"""Learning curves of an ablation: a line per variant, the mean over its seeds, in a band from lowest to highest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

Entries: TypeAlias = Sequence[Mapping[str, float | None]]
"""A run's journal, see `run.journal.read_journal`."""

_BINS = 60  # of the budget, in which a run's values are averaged
_PANELS = (
    ("reward per step", "reward/step"),
    ("speed error, m/s", "episode/speed_error_mps"),
    ("yaw rate error, rad/s", "episode/yaw_rate_error_radps"),
    ("falls per episode", "episode/falls"),
    ("velocity estimate, RMS error", "estimator/velocity_rms_error"),
    ("share of speeds unlocked", "curriculum/unlocked_share"),
    ("terrain level", "curriculum/level_mean"),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """Of one variant, in the bins in which one of its runs at least said something."""

    steps: np.ndarray  # [b] middles of the bins
    mean: np.ndarray  # [b] over seeds
    lowest: np.ndarray  # [b]
    highest: np.ndarray  # [b]


def curve_of(runs: Sequence[Entries], key: str, steps: int) -> Curve | None:
    """Over a budget of so many steps; None if no run said anything of `key`."""
    bins = min(_BINS, *(len(run) for run in runs)) if runs else 0
    if not bins:
        return None
    edges = np.linspace(0.0, steps, bins + 1)
    values = np.stack([_binned(run, key, edges) for run in runs])
    some = np.isfinite(values).any(axis=0)
    if not some.any():
        return None
    values = values[:, some]
    middles = 0.5 * (edges[1:] + edges[:-1])[some]
    return Curve(middles, np.nanmean(values, axis=0), np.nanmin(values, axis=0), np.nanmax(values, axis=0))


def _binned(run: Entries, key: str, edges: np.ndarray) -> np.ndarray:
    """Mean of `key` in every bin, NaN in those without."""
    told = [(entry["steps"], entry[key]) for entry in run if entry.get(key) is not None]
    binned = np.full(len(edges) - 1, np.nan)
    if told:
        at, value = np.array(told, dtype=float).T
        # Steps are those at an iteration's end: what is on an edge belongs to the bin before.
        index = np.clip(np.searchsorted(edges, at, side="left") - 1, 0, len(binned) - 1)
        for number in np.unique(index):
            binned[number] = value[index == number].mean()
    return binned


def draw_curves(variants: Mapping[str, Sequence[Entries]], steps: int, file: Path, title: str) -> None:
    """Journals of the runs of each variant, over a budget of so many steps, as a PNG."""
    curves = {
        key: {name: curve for name, runs in variants.items() if (curve := curve_of(runs, key, steps))}
        for _, key in _PANELS
    }
    panels = [(name, key) for name, key in _PANELS if curves[key] and not _is_idle(key, curves[key].values())]
    rows = max(1, -(-len(panels) // 2))
    figure = Figure(figsize=(11, 2.7 * rows + 0.8), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(rows, 2, squeeze=False).ravel()
    colors = {name: colormaps["tab10"](index % 10) for index, name in enumerate(variants)}
    for axis, (name, key) in zip(axes, panels, strict=False):
        axis.set_title(name, fontsize=10)
        axis.spines[["top", "right"]].set_visible(False)
        axis.set_xlim(0.0, steps / 1e6)
        for variant, curve in curves[key].items():
            _draw(axis, curve, colors[variant], variant)
    for axis in axes[len(panels) :]:
        axis.set_visible(False)
    for axis in axes[max(0, len(panels) - 2) : len(panels)]:
        axis.set_xlabel("million control steps", fontsize=9)
    handles, labels = axes[0].get_legend_handles_labels()
    if handles:
        figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    figure.suptitle(title, fontsize=11)
    figure.savefig(file)


def _is_idle(key: str, curves: Iterable[Curve]) -> bool:
    """Whether it is of a curriculum with nothing to choose from: one level, all speeds from the start."""
    values = np.concatenate([[*curve.lowest, *curve.highest] for curve in curves])
    return key.startswith("curriculum/") and len(np.unique(values)) == 1


def _draw(axis: Axes, curve: Curve, color: tuple[float, ...], name: str) -> None:
    axis.plot(curve.steps / 1e6, curve.mean, color=color, linewidth=1.5, label=name)
    axis.fill_between(curve.steps / 1e6, curve.lowest, curve.highest, color=color, alpha=0.18, linewidth=0)
