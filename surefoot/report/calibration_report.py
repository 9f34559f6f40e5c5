"""The page of `surefoot identify fit`: what was found, how well it is known, and what it was found from."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import yaml

from surefoot.report import figure as fig
from surefoot.report.figure import BLUE
from surefoot.report.gallery import SMALL_IN, TWO_REM, folded, gallery
from surefoot.report.page import Section, Tile, page, preformatted, table
from surefoot.report.parameter_pictures import TITLES, interval_pictures, leg_correlations, short, ties
from surefoot.report.played_pictures import LEFT, LEGEND, SHOWN_S, joint_pictures, leg_pictures
from surefoot_calibration.air.identify import Identification
from surefoot_calibration.air.parameters import UNITS
from surefoot_calibration.air.verdicts import Estimate, is_inseparable, names_of
from surefoot_calibration.log.joint_log import JointLog
from surefoot_robots.spec import RobotSpec

MRAD = 1e3
MOST_TIES = 12
MOST_GAPS = 10
MOST_NAMED = 4


def calibration_page(
    robot: RobotSpec, found: Identification, logs: Sequence[JointLog], content: Mapping[str, object]
) -> str:
    """The whole document; `content` is what the calibration's file holds."""
    seconds = sum(log.seconds for log in logs)
    return page(
        f"{robot.title}: calibration in air",
        f"from {seconds:.0f} s of {', '.join(log.origin for log in logs)}",
        _tiles(found),
        [
            _unsettled(found),
            _pictures(found),
            _errors(found),
            _intervals(found),
            _correlations(found, robot),
            *(log_section(log) for log in logs),
            provenance_section(content),
        ],
        "Made by `surefoot identify fit`. Before is the robot's file, after the calibration; errors are those of "
        "windows that nothing was fitted to, each simulated from what was measured at its beginning.",
    )


def _tiles(found: Identification) -> list[Tile]:
    counts, held_out = Counter(one.verdict for one in found.estimates), found.held_out
    total = len(found.estimates)
    delay = next((one for one in found.estimates if one.name == "action_delay_s"), None)
    tiles = [
        Tile(f"{MRAD * held_out.before:.2f} mrad", "off with the file"),
        Tile(f"{MRAD * held_out.after:.2f} mrad", "off with the calibration"),
        Tile(f"{counts['identified']} of {total}", "identified"),
        Tile(f"{counts['weak']} of {total}", "weak"),
        Tile(f"{counts['not_identifiable']} of {total}", "not identifiable"),
    ]
    if delay is not None:
        tiles.append(Tile(f"{1e3 * delay.value:.1f} ms", "from target to torque"))
    return [
        *tiles,
        Tile(f"{100.0 * found.outliers / found.samples:.0f} %", "of samples counted less, a joint being far off"),
    ]


def _unsettled(found: Identification) -> Section:
    """What the log does not tell, and which experiment would."""
    unsettled = [one for one in found.estimates if one.advice]
    if not unsettled:
        return Section("What is not settled", "Nothing: every parameter is identified.", "")
    groups = dict.fromkeys((one.name, one.verdict, one.advice) for one in unsettled)
    body = "".join(
        f"<li><b>{TITLES[name]}</b> {_of(unsettled, name, verdict)}: would be settled by {html.escape(advice)}</li>"
        for name, verdict, advice in groups
    )
    caption = (
        "Weak: the log says something, but too little to rely on. Not identifiable: the file's value is kept. "
        "The rest is identified."
    )
    if is_inseparable(found.estimates):
        caption = f"Delay and armature are not separable in this log. {caption}"
    return Section("What is not settled", caption, f"<ul>{body}</ul>")


def _of(unsettled: Sequence[Estimate], name: str, verdict: str) -> str:
    """Which joints, what is said of them, and what they are not told apart from."""
    mine = [one for one in unsettled if (one.name, one.verdict) == (name, verdict)]
    joints = f"of {len(mine)} joints" if len(mine) > MOST_NAMED else f"of {', '.join(short(one.joint) for one in mine)}"
    others = sorted({TITLES[one.tied_to.split(" of ")[0]] for one in mine if one.tied_to})
    apart = f", not told apart from {', '.join(others)}" if others else ""
    return html.escape(f"{joints} ({verdict.replace('_', ' ')}{apart})")


def _pictures(found: Identification) -> Section:
    if not found.played:
        return Section("Measured and simulated", "Not kept.", "")
    caption = (
        f"{LEGEND} Of each joint the {SHOWN_S:g} s where a robot is furthest off, of what nothing was fitted to; "
        "figures are root mean squares over all of it."
    )
    return Section("Measured and simulated", caption, gallery(joint_pictures(found.played)))


def _errors(found: Identification) -> Section:
    held_out = found.held_out
    rows = [
        (joint, MRAD * before, MRAD * after, MRAD * noise)
        for joint, before, after, noise in zip(
            held_out.joints, held_out.before_rad, held_out.after_rad, found.noise_rad, strict=True
        )
    ]
    rows.append(("all", MRAD * held_out.before, MRAD * held_out.after, MRAD * float(np.median(found.noise_rad))))
    body = table(("joint", "before, mrad", "after, mrad", "left where it was fitted, mrad"), rows)
    if found.played:
        body = gallery(leg_pictures(found.played), TWO_REM) + body
    return Section("What is left", LEFT, body)


def _intervals(found: Identification) -> Section:
    caption = (
        "Dots and their 95 % intervals: green identified, orange weak, red not identifiable. Grey diamonds are the "
        "file's values."
    )
    rows = [
        (
            *(TITLES[one.name], short(one.joint), one.value, one.low, one.high, one.prior),
            *("" if UNITS[one.name] == "1" else UNITS[one.name], one.verdict.replace("_", " ")),
        )
        for one in found.estimates
    ]
    columns = ("parameter", "joint", "value", "from", "to", "file", "unit", "verdict")
    body = gallery(interval_pictures(found.estimates)) + folded("all numbers", table(columns, rows))
    return Section("Parameters", caption, body)


def _correlations(found: Identification, robot: RobotSpec) -> Section:
    names = names_of(robot)
    if len(found.correlation) != len(names):
        return Section("What goes together", "Not kept.", "")
    caption = (
        "Correlation of errors, columns as rows. Dark red is 1: both are too large together; dark blue is -1: one is "
        "too large where the other is too small. Beyond ±0.9 this log does not tell the two apart. Legs share only "
        "the delay, in the last row."
    )
    body = gallery(leg_correlations(names, found.correlation), TWO_REM)
    body += table(("parameter", "and", "correlation"), ties(names, found.correlation, MOST_TIES))
    return Section("What goes together", caption, body)


def log_section(log: JointLog) -> Section:
    """How good a log is."""
    report = log.report
    facts = [
        ("length", f"{log.seconds:.2f} s, {log.samples} samples, {len(log.target_stamp_s)} targets"),
        ("rate", f"{report.rate_hz:.1f} Hz, 95 % of steps within ±{1e3 * report.jitter_s:.2f} ms"),
        ("missing", f"{report.missing} samples; gaps: {len(report.gaps)}{_gaps(log)}"),
        ("repeated", f"{report.repeated} samples with the stamp of the one before, left out"),
        ("gains", log.gains.source),
        ("targets", report.command_times),
        *(("clock", f"{name}: recorder ahead by at least {1e3 * s:.2f} ms") for name, s in report.clock_offset_s),
        *([("ignored", ", ".join(report.ignored))] if report.ignored else []),
    ]
    return Section(f"The log: {log.origin}", "", gallery([_steps(log)], TWO_REM) + table(("what", "found"), facts))


def _gaps(log: JointLog) -> str:
    gaps = log.report.gaps
    said = ", ".join(f"{1e3 * gap.seconds:.0f} ms at {gap.at_s:.2f} s" for gap in gaps[:MOST_GAPS])
    return f" ({said}{', …' if len(gaps) > MOST_GAPS else ''})" if gaps else ""


def _steps(log: JointLog) -> str:
    """Time between samples, over time."""
    figure, (axes,) = fig.blank(height_in=1.4, width_in=SMALL_IN)
    fig.line(axes, (log.stamp_s[1:], 1e3 * np.diff(log.stamp_s)), BLUE, "", 0.6)
    axes.set_ylim(bottom=0.0)
    axes.set_title("ms between samples, over s", fontsize=8, loc="left")
    return fig.svg(figure, f"time between the samples of {log.origin}")


def provenance_section(content: Mapping[str, object]) -> Section:
    """What it was made from."""
    kept = {key: content[key] for key in ("robot", "robot_hash", "protocol", "made", "logs") if key in content}
    text = yaml.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)
    return Section("Where it comes from", "", preformatted(text))
