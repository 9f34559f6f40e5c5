"""The pictures of a recording, each with what it says in a line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from surefoot.report import figure as fig
from surefoot.report.figure import BLUE, GREEN, GREY, ORANGE, RED
from surefoot.report.walk_log import FloatArray, Series, WalkLog
from surefoot_robots.spec import RobotSpec
from surefoot_training.task.arrays import gravity_in_base, rotation_of

MODE_COLORS = {
    "off": "#d5d8dc",
    "damped": "#b0b7bf",
    "sitting": "#c5b8d9",
    "standing_up": "#a9c7e8",
    "standing": "#7fb0df",
    "walking": "#57a773",
    "fallback": "#f0c05a",
    "settling": "#e79a5c",
    "hanging": "#8ccfc4",
    "stopped": "#c0392b",
    "unknown": "#5d6166",
}
LEGS, QUANTITIES = ("FL", "FR", "RL", "RR"), ("hip", "thigh", "calf")
LATE_ANSWER_MS = 20.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One section of the page."""

    title: str
    caption: str
    svg: str


def walk_pictures(log: WalkLog, robot: RobotSpec, tilt_limit_rad: float) -> Iterator[Picture]:
    """Those that the recording has the data for."""
    if log.modes:
        yield _modes(log)
    if log.command.is_there or log.believed.is_there:
        yield _speed(log)
    if log.orientation_wxyz.is_there:
        yield _tilt(log, tilt_limit_rad)
    if log.position_rad.is_there:
        yield _joints(log)
    if log.torque_nm.is_there:
        yield _torques(log, robot)
    if len(log.answer_ms) or log.position_rad.is_there:
        yield _timing(log)
    if _any(log.battery_v) or _any(log.hottest_c):
        yield _power(log)


def _modes(log: WalkLog) -> Picture:
    figure, (axes,) = fig.blank(height_in=1.7)
    for stretch in log.modes:
        color = MODE_COLORS.get(stretch.mode, GREY)
        axes.axvspan(stretch.from_s, stretch.to_s, color=color, linewidth=0)
        if stretch.to_s - stretch.from_s > 0.05 * log.duration_s:
            axes.text(0.5 * (stretch.from_s + stretch.to_s), 0.5, stretch.mode, ha="center", va="center", fontsize=8)
    seen = [mode for mode in MODE_COLORS if any(stretch.mode == mode for stretch in log.modes)]
    patches = [Patch(color=MODE_COLORS[mode], label=mode) for mode in seen]
    axes.legend(handles=patches, ncols=5, fontsize=7, loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False)
    for event in log.events:
        axes.axvline(event.time_s, color="black", linewidth=0.8, linestyle=":")
    axes.set_yticks([])
    axes.grid(visible=False)
    axes.set_xlabel("s")
    axes.set_xlim(0.0, log.duration_s)
    lasted = {mode: sum(each.to_s - each.from_s for each in log.modes if each.mode == mode) for mode in MODE_COLORS}
    said = ", ".join(f"{mode} {seconds:.0f} s" for mode, seconds in lasted.items() if seconds >= 0.5)
    return Picture("What it did", f"{said}. Dotted: a trigger was raised, see the table.", fig.svg(figure, "modes"))


def _speed(log: WalkLog) -> Picture:
    figure, rows = fig.blank(3, 1, 4.2)
    names = ("ahead, m/s", "to the left, m/s", "turning left, rad/s")
    believed = "as the policy believes"
    walked = _while_walking(log.believed, log)  # elsewhere nobody lets the policy do as it believes
    measured = ((walked, 0, believed), (walked, 1, believed), (log.rate_radps, 2, "gyro"))
    for index, (axes, name, (series, column, label)) in enumerate(zip(rows, names, measured, strict=True)):
        fig.line(axes, _column(series, column), BLUE, label)
        time_s, values = _column(log.command, index)
        if len(time_s):
            axes.step(time_s, values, where="post", color=ORANGE, linewidth=1.2, label="commanded")
        axes.set_ylabel(name, fontsize=8)
        fig.legend(axes)
    rows[-1].set_xlabel("s")
    rows[-1].set_xlim(0.0, log.duration_s)
    return Picture("Speed", _speed_said(log), fig.svg(figure, "commanded and measured speed"))


def _speed_said(log: WalkLog) -> str:
    error = speed_error_mps(log)
    if error is None:
        return "No commands while walking, or nothing believed."
    return f"While walking the belief is off the command by {error:.2f} m/s on average, changes of command included."


def speed_error_mps(log: WalkLog) -> float | None:
    """Between command and belief while walking, mean."""
    if not (log.command.is_there and log.believed.is_there):
        return None
    time_s = log.believed.time_s
    row = np.searchsorted(log.command.time_s, time_s, side="right") - 1
    known = log.walking(time_s) & (row >= 0)
    if not known.any():
        return None
    off = log.believed.values[known, :2] - log.command.values[row[known], :2]
    return float(np.hypot(off[:, 0], off[:, 1]).mean())


def _tilt(log: WalkLog, limit_rad: float) -> Picture:
    figure, (axes,) = fig.blank(height_in=2.0)
    tilt_deg = np.degrees(tilt_rad(log))
    fig.line(axes, (log.orientation_wxyz.time_s, tilt_deg), BLUE)
    axes.axhline(np.degrees(limit_rad), color=RED, linewidth=0.9, linestyle="--", label="stops the robot")
    axes.set_ylabel("tilt, °", fontsize=8)
    axes.set_xlabel("s")
    axes.set_ylim(bottom=0.0)
    axes.set_xlim(0.0, log.duration_s)
    fig.legend(axes)
    return Picture("Tilt", f"At most {tilt_deg.max():.0f}° from upright.", fig.svg(figure, "tilt of the trunk"))


def tilt_rad(log: WalkLog) -> FloatArray:
    """Between the trunk's own up and the world's, [N]."""
    found: FloatArray = np.arccos(np.clip(-gravity_in_base(rotation_of(log.orientation_wxyz.values))[:, 2], -1.0, 1.0))
    return found


def _joints(log: WalkLog) -> Picture:
    figure, cells = fig.blank(4, 3, 6.5)
    for axes, name in _cells(cells, log):
        column = log.joint_names.index(name)
        fig.line(axes, _column(log.position_rad, column), BLUE, "angle", 0.7)
        fig.line(axes, _column(_while_walking(log.target_rad, log), column), ORANGE, "target", 0.5)
        axes.set_title(name, fontsize=8)
    cells[0].legend(fontsize=7, loc="best")
    return Picture("Joints", _joints_said(log), fig.svg(figure, "angles and targets of all joints"))


def _joints_said(log: WalkLog) -> str:
    if not log.target_rad.is_there:
        return "Angles, rad, over seconds. No policy gave targets."
    said = "Angles and the policy's targets, rad, over seconds."
    time_s = log.position_rad.time_s
    walking = log.walking(time_s)
    if not walking.any():
        return said
    columns = [_column(log.target_rad, each) for each in range(len(log.joint_names))]
    targets = np.stack([np.interp(time_s[walking], *each) for each in columns], axis=1)
    off = np.abs(targets - log.position_rad.values[walking]).mean(axis=0)
    worst = int(off.argmax())
    return (
        f"{said} While walking they are {off.mean():.2f} rad apart on average (a policy leads its joints), "
        f"{log.joint_names[worst]} most: {off[worst]:.2f}."
    )


def _torques(log: WalkLog, robot: RobotSpec) -> Picture:
    figure, cells = fig.blank(4, 3, 6.5)
    shares = {}
    for axes, name in _cells(cells, log):
        limit = float(robot.torque_limit_nm[robot.joint_names.index(name)]) if name in robot.joint_names else np.nan
        time_s, values = _column(log.torque_nm, log.joint_names.index(name))
        fig.line(axes, (time_s, values), BLUE, "", 0.6)
        for side in (-limit, limit):
            axes.axhline(side, color=RED, linewidth=0.8, linestyle="--")
        axes.set_title(name, fontsize=8)
        shares[name] = float(np.abs(values).max() / limit)
    worst = max(shares, key=lambda name: shares[name])
    said = f"Estimated, Nm, dashed the peak limit. {worst} came nearest to its own: {100.0 * shares[worst]:.0f} %."
    return Picture("Torques", said, fig.svg(figure, "torques of all joints and their limits"))


def _timing(log: WalkLog) -> Picture:
    figure, (left, middle, right) = fig.blank(1, 3, 2.4, sharex=False)
    gaps = {"samples": _gaps_ms(log.position_rad), "targets": _gaps_ms(log.target_rad)}
    for axes, (name, found), color in zip((left, middle), gaps.items(), (BLUE, GREEN), strict=False):
        _histogram(axes, found, f"ms between {name}", color)
    _histogram(right, log.answer_ms, "ms from sample to answer", ORANGE)
    said = []
    for name, found in {**gaps, "answers": log.answer_ms}.items():
        if len(found):
            middle_ms, high_ms, most_ms = fig.spread(found.tolist())
            said.append(f"{name}: median {middle_ms:.1f}, 99 % within {high_ms:.1f}, longest {most_ms:.0f} ms")
    return Picture("Timing", "As the recorder heard them. " + "; ".join(said) + ".", fig.svg(figure, "timing"))


def _histogram(axes: Axes, found: FloatArray, name: str, color: str) -> None:
    if len(found):
        most = max(float(np.quantile(found, 0.995)), 1e-3)
        axes.hist(np.minimum(found, most), bins=40, color=color)
        axes.set_yscale("log")
    axes.set_xlabel(name, fontsize=8)


def _power(log: WalkLog) -> Picture:
    figure, (volts, warmth) = fig.blank(2, 1, 2.6)
    fig.line(volts, _column(log.battery_v, 0), BLUE, "", 1.2)
    fig.line(warmth, _column(log.hottest_c, 0), ORANGE, "", 1.2)
    volts.set_ylabel("battery, V", fontsize=8)
    warmth.set_ylabel("hottest motor, °C", fontsize=8)
    warmth.set_xlabel("s")
    lowest, highest = (
        _most(series.values, which) for series, which in ((log.battery_v, np.min), (log.hottest_c, np.max))
    )
    return Picture(
        "Power", f"At least {lowest:.1f} V, at most {highest:.0f} °C.", fig.svg(figure, "battery and motors")
    )


def _most(values: FloatArray, which: object) -> float:
    known = values[np.isfinite(values)]
    return float(which(known)) if len(known) and callable(which) else float("nan")


def _cells(cells: list[Axes], log: WalkLog) -> Iterator[tuple[Axes, str]]:
    """A leg to a row, where joints are named like that; else in their own order."""
    grid = [f"{leg}_{joint}_joint" for leg in LEGS for joint in QUANTITIES]
    names = grid if set(grid) == set(log.joint_names) else list(log.joint_names)[: len(cells)]
    yield from zip(cells, names, strict=False)


def _while_walking(series: Series, log: WalkLog) -> Series:
    """With gaps elsewhere."""
    if not series.is_there:
        return series
    return Series(series.time_s, np.where(log.walking(series.time_s)[:, None], series.values, np.nan))


def _column(series: Series, index: int) -> tuple[FloatArray, FloatArray]:
    return (series.time_s, series.values[:, index]) if series.is_there else (np.zeros(0), np.zeros(0))


def _gaps_ms(series: Series) -> FloatArray:
    found: FloatArray = 1000.0 * np.diff(series.time_s)
    return found


def _any(series: Series) -> bool:
    return bool(np.isfinite(series.values).any()) if series.is_there else False
