"""The pages of `surefoot identify imu`, `zero` and `latency`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import yaml
from matplotlib.axes import Axes

from surefoot.report import figure as fig
from surefoot.report.figure import BLUE, GREEN, GREY, ORANGE, RED
from surefoot.report.gallery import SMALL_IN, TWO_REM, gallery
from surefoot.report.page import Section, Tile, page, preformatted, table
from surefoot.report.parameter_pictures import COLORS, short
from surefoot_calibration.air.verdicts import Estimate
from surefoot_calibration.log.joint_log import JointLog
from surefoot_calibration.sensors.latency import Latency
from surefoot_calibration.sensors.noise import FLICKER, Noise
from surefoot_calibration.sensors.results import ACCELERATION, GYROSCOPE, Imu, Sensor
from surefoot_calibration.sensors.zero import Zero
from surefoot_robots.spec import RobotSpec

MRAD, MS = 1e3, 1e3
AXES = tuple(zip("xyz", (BLUE, ORANGE, GREEN), strict=True))
SPOKEN = {"gyro": "Gyroscope", "acceleration": "Accelerometer"}
KEPT = ("robot", "robot_hash", "protocol", "made", "logs", "sensors")


def imu_page(robot: RobotSpec, found: Imu, rows: Sequence[Estimate], content: Mapping[str, object]) -> str:
    """Of noise and mounting."""
    sections = [_unsettled(rows)]
    for sensor, each in ((GYROSCOPE, found.gyro), (ACCELERATION, found.accelerometer)):
        if each:
            sections.append(_allan(sensor, each[found.longest]))
    sections += [*_mounting(found), _numbers(rows), _provenance(content)]
    seconds = sum(each.seconds for each in found.gyro)
    return page(
        f"{robot.title}: IMU",
        f"{seconds / 60.0:.1f} min of stillness in {len(found.gyro)} logs" if found.gyro else "its mounting",
        [*_tiles(found), *_counts(rows)],
        sections,
        "Made by `surefoot identify imu`.",
    )


def zero_page(robot: RobotSpec, zeros: Sequence[Zero], rows: Sequence[Estimate], content: Mapping[str, object]) -> str:
    """Of encoders."""
    repeats = [each.repeat_rad for zero in zeros for each in zero.settles if each.repeat_rad is not None]
    tiles = [Tile(f"{MRAD * float(np.median(repeats)):.2f} mrad", "repeats within, median")] if repeats else []
    settled = [
        (
            *(short(zero.joint), each.where, len(each.said_rad), each.known_rad, MRAD * each.mean_rad),
            "" if each.repeat_rad is None else f"{MRAD * each.repeat_rad:.2f}",
            "" if zero.range_off_rad is None else f"{MRAD * zero.range_off_rad:+.2f}",
        )
        for zero in zeros
        for each in zero.settles
    ]
    columns = ("joint", "at", "settles", "file, rad", "off, mrad", "repeats within, mrad", "range off, mrad")
    caption = (
        "Each dot is one settle, less the angle that the joint is known to have there; the line is the offset's 95 % "
        "interval with how far stops or pose may be off themselves. A range that is off says that the file's stops are."
    )
    return page(
        f"{robot.title}: encoders' zeros",
        "from joints that were brought to known places",
        [*tiles, *_counts(rows)],
        [
            _unsettled(rows),
            Section("Settles", caption, gallery(_settles(zeros), TWO_REM) + table(columns, settled)),
            _numbers(rows),
            _provenance(content),
        ],
        "Made by `surefoot identify zero`.",
    )


def latency_page(
    robot: RobotSpec, log: JointLog, found: Latency, rows: Sequence[Estimate], content: Mapping[str, object]
) -> str:
    """Of the time from command to motion."""
    figures = [
        (
            *(short(one.joint), MS * one.latency.value, MS * one.latency.low, MS * one.latency.high, MS * one.lag_s),
            *(100.0 * one.fit, one.latency.verdict.replace("_", " ")),
        )
        for one in found.joints
    ]
    columns = ("joint", "ms", "from", "to", "by correlation, ms", "explained, %", "verdict")
    caption = (
        "From a command to the first of the motion; the line is the 95 % interval. By correlation the joint's own "
        "slowness is in it."
    )
    return page(
        f"{robot.title}: from command to motion",
        f"{log.seconds:.0f} s of {log.origin}; {log.report.command_times}",
        [Tile(f"{MS * found.robot.value:.1f} ms", "all joints together"), *_counts(rows)],
        [
            _unsettled(rows),
            Section("Joint by joint", caption, _latencies(found) + table(columns, figures)),
            _provenance(content),
        ],
        "Made by `surefoot identify latency`.",
    )


def _tiles(found: Imu) -> list[Tile]:
    if not found.gyro:
        return []
    tiles = []
    for sensor, each in ((GYROSCOPE, found.gyro), (ACCELERATION, found.accelerometer)):
        axes = each[found.longest].axes
        density = float(np.sqrt(np.mean([axis.density.value**2 for axis in axes])))
        tiles.append(Tile(f"{density:.2g}", f"{sensor.spoken}/√Hz, {SPOKEN[sensor.name].lower()}"))
    return tiles


def _counts(rows: Sequence[Estimate]) -> list[Tile]:
    counts = Counter(row.verdict for row in rows)
    return [Tile(f"{counts[verdict]} of {len(rows)}", verdict.replace("_", " ")) for verdict in COLORS]


def _unsettled(rows: Sequence[Estimate]) -> Section:
    groups: dict[str, list[str]] = {}
    for row in rows:
        if row.advice:
            groups.setdefault(row.advice, []).append(
                row.name if row.joint is None else f"{row.name} {short(row.joint)}"
            )
    if not groups:
        return Section("What is not settled", "Nothing: all is identified.", "")
    body = table(("needs", "of"), [(advice, ", ".join(names)) for advice, names in groups.items()])
    return Section("What is not settled", "What would settle it.", body)


def _allan(sensor: Sensor, noise: Noise) -> Section:
    caption = (
        "Allan deviation over the length of stretches whose means are compared, both logarithmic, with 95 % intervals. "
        "Dashed is white noise of the density found, dotted with it the random walk; where both miss the dots at short "
        "lengths, the sensor filters. A bias instability needs the lowest point and stretches behind it; the longest "
        f"shown are a fifth of the log's {noise.seconds / 60.0:.1f} min."
    )
    rows = [
        (
            *(letter, axis.bias.value, axis.spread.value, axis.density.value),
            *(_said(axis.instability.value, axis.instability.verdict), _said(axis.walk.value, axis.walk.verdict)),
        )
        for letter, axis in zip("xyz", noise.axes, strict=True)
    ]
    unit = sensor.spoken
    columns = (
        "axis",
        f"mean, {unit}",
        f"sample, {unit}",
        f"density, {unit}/√Hz",
        f"instability, {unit}",
        f"walk, {unit}/√s",
    )
    body = gallery([_curve(sensor, noise, place) for place in range(3)]) + table(columns, rows)
    return Section(f"{SPOKEN[sensor.name]}", caption, body)


def _said(value: float, verdict: str) -> str:
    return "not seen" if verdict == "not_identifiable" else f"{value:.3g}"


def _curve(sensor: Sensor, noise: Noise, place: int) -> str:
    letter, color = AXES[place]
    figure, (axes,) = fig.blank(height_in=2.6, width_in=SMALL_IN)
    curve, axis = noise.allan, noise.axes[place]
    tau, deviation = curve.tau_s, curve.deviation[:, place]
    axes.fill_between(tau, curve.low[:, place], curve.high[:, place], color=color, alpha=0.2, linewidth=0.0)
    axes.plot(tau, deviation, color=color, marker="o", markersize=2.0, linewidth=0.8)
    white = axis.density.value / np.sqrt(tau)
    axes.plot(tau, white, color=GREY, linewidth=0.9, linestyle="--")
    if axis.walk.verdict != "not_identifiable":
        # K √(τ/3) beside the noise: IEEE Std 952-1997, annex C.
        axes.plot(tau, np.hypot(white, axis.walk.value * np.sqrt(tau / 3.0)), color=GREY, linewidth=0.9, linestyle=":")
    if axis.instability.verdict != "not_identifiable":
        axes.axhline(FLICKER * axis.instability.value, color=RED, linewidth=0.6)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(bottom=0.5 * float(deviation.min()))
    axes.set_title(f"{letter}, {sensor.spoken} over s", fontsize=8, loc="left")
    return fig.svg(figure, f"Allan deviation of {SPOKEN[sensor.name].lower()} {letter}")


def _mounting(found: Imu) -> Iterator[Section]:
    sitting, rocked = found.sitting, found.rocked
    rows: list[tuple[object, ...]] = []
    if sitting is not None:
        ways = (("mounting by poses", sitting.mounting_rad), ("gravity is seen turned by, level", sitting.level_rad))
        for what, turns in ways:
            for letter, turn in zip("xyz", turns or (), strict=False):
                rows.append(
                    (f"{what}, {letter}", *(MRAD * end for end in (turn.value, turn.low, turn.high)), turn.verdict)
                )
    for letter, turn in zip("xyz", rocked.mounting_rad if rocked is not None else (), strict=False):
        rows.append(
            (f"mounting by rocking, {letter}", *(MRAD * end for end in (turn.value, turn.low, turn.high)), turn.verdict)
        )
    if not rows and sitting is None:
        return
    told = []
    if sitting is not None:
        told.append(f"{sitting.poses} attitude{'s' * (sitting.poses != 1)}, {sitting.off_mps2:.3g} m/s² left")
    if rocked is not None:
        told.append(
            f"rocked by {rocked.turning_radps:.2f} rad/s, legs and gyroscope {rocked.off_radps:.3g} rad/s apart, rates "
            f"{rocked.scale:.4f} of the legs'"
        )
    columns = ("turn about the base's", "mrad", "from", "to", "verdict")
    yield Section("How it sits", "; ".join(told), table(columns, rows))


def _numbers(rows: Sequence[Estimate]) -> Section:
    columns = ("parameter", "joint", "value", "from", "to", "unit", "verdict")
    cells = [
        (row.name, "" if row.joint is None else short(row.joint), row.value, row.low, row.high, row.unit, _verdict(row))
        for row in rows
    ]
    return Section("All numbers", "As they are in the file; 95 % intervals.", table(columns, cells))


def _verdict(row: Estimate) -> str:
    return row.verdict.replace("_", " ")


def _settles(zeros: Sequence[Zero]) -> Iterator[str]:
    """One picture per leg."""
    for first in range(0, len(zeros), 3):
        leg = zeros[first : first + 3]
        figure, (axes,) = fig.blank(height_in=1.7, width_in=SMALL_IN)
        for row, zero in enumerate(leg):
            _settled(axes, row, zero)
        axes.set_yticks(range(len(leg)), [short(zero.joint) for zero in leg], fontsize=7)
        axes.set_ylim(len(leg) - 0.4, -0.6)
        axes.set_title("offset, mrad", fontsize=8, loc="left")
        yield fig.svg(figure, f"settles of {', '.join(short(zero.joint) for zero in leg)}")


def _settled(axes: Axes, row: int, zero: Zero) -> None:
    if not zero.settles:
        return
    offset = zero.offset
    axes.plot([MRAD * offset.low, MRAD * offset.high], [row, row], color=COLORS[offset.verdict], linewidth=2.2)
    for each in zero.settles:
        offs = [MRAD * (said - each.known_rad) for said in each.said_rad]
        axes.plot(offs, [row] * len(offs), marker="o", markersize=3.0, color=BLUE, linestyle="", alpha=0.6)


def _latencies(found: Latency) -> str:
    figure, (axes,) = fig.blank(height_in=0.8 + 0.2 * (len(found.joints) + 1))
    each = [("all joints", found.robot), *((short(one.joint), one.latency) for one in found.joints)]
    for row, (_, latency) in enumerate(each):
        color = COLORS[latency.verdict]
        axes.plot([MS * latency.low, MS * latency.high], [row, row], color=color, linewidth=2.2)
        axes.plot([MS * latency.value], [row], marker="o", markersize=3.5, color=color, linestyle="")
    axes.set_yticks(range(len(each)), [name for name, _ in each], fontsize=7)
    axes.set_ylim(len(each) - 0.4, -0.6)
    axes.set_title("ms", fontsize=8, loc="left")
    return fig.svg(figure, "time from command to motion, with intervals")


def _provenance(content: Mapping[str, object]) -> Section:
    kept = {key: content[key] for key in KEPT if key in content}
    text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)
    return Section("Where it comes from", "", preformatted(text))
