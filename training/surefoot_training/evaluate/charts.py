"""One picture per axis of an evaluation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from surefoot_training.evaluate.evaluation import Evaluation
from surefoot_training.evaluate.pushes import PushResult
from surefoot_training.evaluate.terrain import LaneResult
from surefoot_training.evaluate.tracking import HISTOGRAM_BINS, HISTOGRAM_STEP_MPS, SweepPoint, Tracking

_BLUE, _ORANGE, _GREY = "#2f6db3", "#e07b39", "#9aa0a6"
_SHARES = "RdYlGn"  # colours of success


def draw_charts(evaluation: Evaluation, folder: Path) -> list[Path]:
    """Write a PNG per axis into `folder`, named after it."""
    folder.mkdir(parents=True, exist_ok=True)
    who = f"{evaluation.candidate}, {evaluation.robot}, {evaluation.task}"
    if evaluation.is_told_velocity:
        who += ", told its true velocity"
    drawn = []
    for axis in evaluation.axes:
        figure = _DRAW[axis](getattr(evaluation, axis), evaluation)
        figure.suptitle(f"{who}: {axis}", fontsize=11)
        drawn.append(folder / f"{axis}.png")
        figure.savefig(drawn[-1])
    return drawn


def _tracking(tracking: Tracking, evaluation: Evaluation) -> Figure:
    figure = _blank(8, 4)
    axes = figure.subplots()
    found = tracking.figures
    edges = np.arange(HISTOGRAM_BINS) * HISTOGRAM_STEP_MPS
    axes.bar(edges, 100 * np.array(tracking.speed_error_histogram), HISTOGRAM_STEP_MPS, align="edge", color=_BLUE)
    for value, style, label in (
        (found.speed_error_mean_mps, "-", f"mean {found.speed_error_mean_mps:.3f}"),
        (found.speed_error_p95_mps, "--", f"95 % below {found.speed_error_p95_mps:.3f}"),
    ):
        axes.axvline(value, color=_ORANGE, linestyle=style, label=label)
    axes.set_xlabel("speed error, m/s (last bar: and more)")
    axes.set_ylabel("% of control steps")
    axes.legend(title=f"yaw rate {found.yaw_rate_error_mean_radps:.3f} rad/s, {found.falls} falls")
    return figure


def _terrain(lanes: Sequence[LaneResult], evaluation: Evaluation) -> Figure:
    kinds = list(dict.fromkeys(result.lane.kind for result in lanes))
    levels = sorted({result.lane.level for result in lanes})
    share = np.full((len(kinds), len(levels)), np.nan)
    figure = _blank(2.0 + 1.4 * len(levels), 1.2 + 0.5 * len(kinds))
    axes = figure.subplots()
    for result in lanes:
        row, column = kinds.index(result.lane.kind), levels.index(result.lane.level)
        share[row, column] = result.success_share
        text = f"{100 * result.success_share:.0f} % ({100 * result.success_low:.0f}-{100 * result.success_high:.0f})"
        measure = next(iter(result.lane.measures.items()), None)
        if measure:
            text += f"\n{_measured(*measure)}"
        axes.text(column, row, text, ha="center", va="center", fontsize=8)
    axes.imshow(share, cmap=_SHARES, vmin=0.0, vmax=1.0, alpha=0.6, aspect="auto")
    axes.set_xticks(range(len(levels)), [f"level {level}" for level in levels])
    axes.set_yticks(range(len(kinds)), kinds)
    axes.set_title(f"got {evaluation.protocol.terrain_length_m:g} m far (95 % interval)", fontsize=9)
    return figure


def _measured(name: str, value: float) -> str:
    return f"{value:.3g}°" if name.endswith("_deg") else f"{100 * value:.1f} cm"


def _pushes(pushes: Sequence[PushResult], evaluation: Evaluation) -> Figure:
    forces = sorted({result.force_n for result in pushes})
    directions = sorted({result.direction_deg for result in pushes})
    figure = _blank(2.0 + 0.8 * len(directions), 1.5 + 0.45 * len(forces))
    axes = figure.subplots()
    share = np.full((len(forces), len(directions)), np.nan)
    for result in pushes:
        row, column = forces.index(result.force_n), directions.index(result.direction_deg)
        share[row, column] = result.recovered_share
        text = f"{100 * result.recovered_share:.0f} %"
        axes.text(column, row, text, ha="center", va="center", fontsize=8)
    axes.imshow(share, cmap=_SHARES, vmin=0.0, vmax=1.0, alpha=0.6, aspect="auto", origin="lower")
    axes.set_xticks(range(len(directions)), [f"{direction:g}°" for direction in directions])
    axes.set_yticks(range(len(forces)), [f"{force:g} N" for force in forces])
    axes.set_xlabel("direction of the force: 0° forwards, 90° to the left")
    axes.set_title(f"recovered from {evaluation.protocol.push_duration_s:g} s of force", fontsize=9)
    return figure


def _sweep(unit: str, robots_of: str = "sweep_robots") -> Callable[[Sequence[SweepPoint], Evaluation], Figure]:
    def draw(points: Sequence[SweepPoint], evaluation: Evaluation) -> Figure:
        figure = _blank(8, 5)
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        value = [point.value for point in points]
        _line(above, value, [point.figures.speed_error_mean_mps for point in points], _BLUE, "speed error, m/s")
        _line(
            above, value, [point.figures.yaw_rate_error_mean_radps for point in points], _ORANGE,
            "yaw rate error, rad/s",
        )  # fmt: skip
        above.set_ylim(0.0, 1.1 * above.get_ylim()[1])
        above.legend()
        robots = getattr(evaluation.protocol, robots_of)
        _line(below, value, [point.figures.robots_fallen for point in points], _GREY, "")
        below.set_ylim(-0.5, robots + 0.5)
        below.set_ylabel(f"of {robots} fell")
        below.set_xlabel(unit)
        return figure

    return draw


def _line(axes: Axes, x: Sequence[float], y: Sequence[float], color: str, label: str) -> None:
    axes.plot(x, y, marker="o", color=color, label=label or None)
    axes.spines[["top", "right"]].set_visible(False)


def _blank(width_in: float, height_in: float) -> Figure:
    figure = Figure(figsize=(width_in, height_in), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


_DRAW: dict[str, Callable[..., Figure]] = {
    "tracking": _tracking,
    "terrain": _terrain,
    "starts": _sweep("violence of the start, share of training's", "start_robots"),
    "pushes": _pushes,
    "payload": _sweep("payload, share of the robot's mass"),
    "friction": _sweep("friction of the feet"),
    "delay": _sweep("action delay, s"),
}
