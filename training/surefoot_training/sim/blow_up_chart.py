"""The chart of a simulation that blew up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from surefoot_training.sim.blow_up import SPEED_LIMIT
from surefoot_training.sim.blow_up_trace import BlowUpTrace

_BLUE, _ORANGE, _RED, _GREY = "#2f6db3", "#e07b39", "#c0392b", "#9aa0a6"
SIZE_PX = (1100, 770)


def draw_blow_up(blow_up: BlowUpTrace, file: Path) -> None:
    """Height, tilt and speeds over the last moments, as one picture of `SIZE_PX`."""
    dpi = 110
    figure = Figure(figsize=(SIZE_PX[0] / dpi, SIZE_PX[1] / dpi), dpi=dpi, layout="constrained")
    FigureCanvasAgg(figure)
    height, tilt, speed = figure.subplots(3, 1, sharex=True)
    _curve(height, blow_up, blow_up.base_height_m, "base height, m")
    _curve(tilt, blow_up, np.degrees(blow_up.tilt_rad), "tilt, degrees")
    _speeds(speed, blow_up)
    for axis in (height, tilt, speed):
        _mark(axis, blow_up)
        axis.spines[["top", "right"]].set_visible(False)
    speed.set_xlabel(f"control step of {blow_up.control_dt_s:g} s (pushes shaded)")
    speed.set_xlim(blow_up.step[0] - 0.5, blow_up.step[-1] + 0.5)
    left = blow_up.step[blow_up.left_sane_range]
    figure.suptitle(f"Robot {blow_up.robot} blew up in step {left}: {blow_up.reason}", fontsize=11)
    figure.savefig(file, format="png")


def _curve(axis: Axes, blow_up: BlowUpTrace, values: np.ndarray, label: str) -> None:
    """The values, in a window that the sane ones fill: those after them would flatten everything else."""
    sane = values[: blow_up.left_sane_range]
    sane = sane[np.isfinite(sane)]
    axis.plot(blow_up.step, _drawable(values), color=_BLUE, marker=".", markersize=4, linewidth=1.2)
    if len(sane):
        margin = 0.1 * np.ptp(sane) + 1e-3
        axis.set_ylim(sane.min() - margin, sane.max() + margin)
    axis.set_ylabel(label)


def _speeds(axis: Axes, blow_up: BlowUpTrace) -> None:
    joints, base = _drawable(blow_up.joint_speed_radps), _drawable(blow_up.base_speed_mps)
    axis.plot(blow_up.step, joints, color=_BLUE, marker=".", markersize=4, linewidth=1.2, label="fastest joint, rad/s")
    axis.plot(blow_up.step, base, color=_ORANGE, marker=".", markersize=4, linewidth=1.2, label="base, m/s")
    axis.axhline(SPEED_LIMIT, color=_GREY, linestyle="--", linewidth=1, label="limit of both")
    axis.set_yscale("log")
    axis.set_ylim(0.01, 10 * SPEED_LIMIT)
    axis.set_ylabel("speed")
    axis.legend(loc="lower left", fontsize=8, ncols=3)


def _drawable(values: np.ndarray) -> np.ndarray:
    """Without what has no place on paper; whatever is this large is far outside of every window."""
    drawable: np.ndarray = np.where(np.isfinite(values), values.clip(-1e9, 1e9), np.nan)
    return drawable


def _mark(axis: Axes, blow_up: BlowUpTrace) -> None:
    axis.axvline(blow_up.step[blow_up.left_sane_range], color=_RED, linewidth=1)
    for row in np.flatnonzero((blow_up.base_force_n > 0) | (blow_up.velocity_kick_mps > 0)):
        axis.axvspan(blow_up.step[row] - 0.5, blow_up.step[row] + 0.5, color=_ORANGE, alpha=0.25, linewidth=0)
