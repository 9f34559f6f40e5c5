"""The chart of one robot's walk."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from surefoot_training.demo.walk import STRIDE_MPS, Trace

_BLUE, _ORANGE, _GREY = "#2f6db3", "#e07b39", "#9aa0a6"
_FEET = ("FL", "FR", "RL", "RR")
_LEG = slice(0, 3)  # FL hip, thigh, calf


def draw_trace(trace: Trace, title: str, file: Path) -> None:
    """Speed, height, tilt, joints, torques and feet over time, as one picture."""
    figure = Figure(figsize=(10, 9), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(5, 1, sharex=True, height_ratios=[3, 3, 4, 4, 2])
    _speed(axes[0], trace)
    _posture(axes[1], trace)
    _joints(axes[2], trace)
    _torques(axes[3], trace)
    _feet(axes[4], trace)
    axes[4].set_xlabel("time, s")
    figure.suptitle(title, fontsize=11)
    for axis in axes:
        _mark_events(axis, trace)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(file)


def _speed(axis: Axes, trace: Trace) -> None:
    axis.axhline(STRIDE_MPS, color=_GREY, linestyle="--", linewidth=1, label="stride")
    axis.plot(trace.time_s, trace.forward_speed_mps, color=_BLUE, label="base, forward")
    axis.set_ylabel("m/s")
    axis.legend(loc="upper right", fontsize=8, ncols=2)


def _posture(axis: Axes, trace: Trace) -> None:
    axis.plot(trace.time_s, 100 * trace.base_height_m, color=_BLUE, label="base height over ground, cm")
    axis.plot(trace.time_s, np.degrees(trace.tilt_rad), color=_ORANGE, label="tilt, degrees")
    axis.legend(loc="upper right", fontsize=8, ncols=2)


def _joints(axis: Axes, trace: Trace) -> None:
    for joint, name in zip(range(_LEG.start, _LEG.stop), ("hip", "thigh", "calf"), strict=True):
        target, position = trace.joint_target_rad[:, joint], trace.joint_position_rad[:, joint]
        axis.plot(trace.time_s, target, color=_GREY, linewidth=1, label="FL targets" if joint == 0 else None)
        axis.plot(trace.time_s, position, linewidth=1.2, label=f"FL {name}")
    axis.set_ylabel("rad")
    axis.legend(loc="upper right", fontsize=8, ncols=4)


def _torques(axis: Axes, trace: Trace) -> None:
    share = 100 * trace.joint_torque_nm[:, _LEG] / trace.torque_limit_nm[_LEG]
    for joint, name in enumerate(("hip", "thigh", "calf")):
        axis.plot(trace.time_s, share[:, joint], linewidth=1.2, label=f"FL {name}")
    for limit in (-100, 100):
        axis.axhline(limit, color=_GREY, linestyle="--", linewidth=1)
    axis.set_ylabel("torque, % of limit")
    axis.legend(loc="upper right", fontsize=8, ncols=3)


def _feet(axis: Axes, trace: Trace) -> None:
    dt_s = trace.time_s[1] - trace.time_s[0]
    for row, _ in enumerate(_FEET):
        down = np.flatnonzero(trace.foot_contact[:, row])
        axis.broken_barh([(trace.time_s[i] - dt_s, dt_s) for i in down], (3 - row - 0.4, 0.8), color=_BLUE)
    axis.set_yticks(range(4), reversed(_FEET))
    axis.set_ylabel("feet down")


def _mark_events(axis: Axes, trace: Trace) -> None:
    dt_s = trace.time_s[1] - trace.time_s[0]
    for i in np.flatnonzero(trace.force_n > 0):
        axis.axvspan(trace.time_s[i] - dt_s, trace.time_s[i], color=_ORANGE, alpha=0.25, linewidth=0)
    for i in np.flatnonzero(trace.fell):
        axis.axvline(trace.time_s[i], color="black", linestyle=":", linewidth=1)
