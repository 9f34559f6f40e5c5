"""The page of `surefoot identify fit --protocol ground`: the trunk and the feet, and what they were found from."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from surefoot.report import figure as fig
from surefoot.report.calibration_report import log_section, provenance_section
from surefoot.report.gallery import SMALL_IN, TWO_REM, gallery
from surefoot.report.page import Section, Tile, page, table
from surefoot.report.parameter_pictures import COLORS
from surefoot.report.played_pictures import LEFT, LEGEND, SHOWN_S, joint_pictures, leg_pictures
from surefoot_calibration.air.verdicts import Estimate
from surefoot_calibration.ground.identify import GroundIdentification
from surefoot_calibration.ground.parameters import COM, FRICTION, INERTIA, MASS, TRUNK_NAMES
from surefoot_calibration.log.joint_log import JointLog
from surefoot_robots.spec import RobotSpec

MRAD = 1e3
TITLES = {
    MASS: "mass of the trunk",
    **{name: f"its centre, {axis}" for name, axis in zip(COM, ("ahead", "left", "up"), strict=True)},
    **{name: f"inertia {name[13:15]}" for name in INERTIA},
    FRICTION: "friction of the feet",
}
GROUPS = ((MASS,), COM, INERTIA[:3], INERTIA[3:], (FRICTION,))
"""Of one unit each, so that they share an axis."""


def ground_page(
    robot: RobotSpec, found: GroundIdentification, logs: Sequence[JointLog], content: Mapping[str, object]
) -> str:
    """The whole document; `content` is what the calibration's file holds."""
    seconds = sum(log.seconds for log in logs)
    return page(
        f"{robot.title}: calibration on the ground",
        f"from {seconds:.0f} s of {', '.join(log.origin for log in logs)}",
        _tiles(found),
        [
            _unsettled(found),
            _intervals(found),
            _pictures(found),
            _errors(found),
            _correlation(found),
            *(log_section(log) for log in logs),
            provenance_section(content),
        ],
        "Made by `surefoot identify fit`. Before is the robot's file with the joints that the fit began with, after is "
        "the calibration; errors are those of windows that nothing was fitted to, each simulated from what was "
        "measured at its beginning.",
    )


def _tiles(found: GroundIdentification) -> list[Tile]:
    by_name, held_out = {one.name: one for one in found.estimates}, found.held_out
    feet, payload = by_name[FRICTION], found.payload
    known = feet.verdict != "not_identifiable" and found.slid_samples > 0
    return [
        Tile(f"{MRAD * held_out.before:.2f} mrad", "off before"),
        Tile(f"{MRAD * held_out.after:.2f} mrad", "off with the calibration"),
        Tile(f"{by_name[MASS].value:.2f} kg", "is the trunk's mass"),
        Tile(f"{payload.value:+.2f} kg", "more than the file's"),
        Tile(f"{feet.value:.2f}" if known else f"at least {feet.low:.2f}", "friction of the feet on this floor"),
        Tile(f"{sum(one.verdict == 'identified' for one in found.estimates)} of {len(found.estimates)}", "identified"),
    ]


def _unsettled(found: GroundIdentification) -> Section:
    unsettled = [one for one in found.estimates if one.advice]
    if not unsettled:
        return Section("What is not settled", "Nothing: every parameter is identified.", "")
    body = "".join(
        f"<li><b>{html.escape(_title(one))}</b> ({one.verdict.replace('_', ' ')}): would be settled by "
        f"{html.escape(one.advice)}</li>"
        for one in unsettled
    )
    caption = (
        "Weak: the log says something, but too little to rely on. Not identifiable: the file's value is kept. "
        "The rest is identified."
    )
    return Section("What is not settled", caption, f"<ul>{body}</ul>")


def _title(one: Estimate) -> str:
    return TITLES.get(one.name, one.name if one.joint is None else f"{one.name} of {one.joint}")


def _intervals(found: GroundIdentification) -> Section:
    caption = (
        "Dots and their 95 % intervals: green identified, orange weak, red not identifiable. Grey diamonds are the "
        "file's values. The mass is that of the trunk and all it carries. Inertia is about the centre of mass, along "
        "the base's axes. Legs are as heavy as the file says."
    )
    rows = [
        (
            *(_title(one), one.value, one.low, one.high, one.prior),
            *("" if one.unit == "1" else one.unit, one.verdict.replace("_", " ")),
        )
        for one in found.estimates
    ]
    columns = ("parameter", "value", "from", "to", "file", "unit", "verdict")
    return Section("Parameters", caption, gallery(_interval_pictures(found.estimates)) + table(columns, rows))


def _interval_pictures(estimates: Sequence[Estimate]) -> Iterator[str]:
    for names in GROUPS:
        mine = [one for one in estimates if one.name in names]
        figure, (axes,) = fig.blank(height_in=0.8 + 0.2 * len(mine), width_in=SMALL_IN)
        for row, one in enumerate(mine):
            color = COLORS[one.verdict]
            axes.plot([one.low, one.high], [row, row], color=color, linewidth=2.2, solid_capstyle="butt")
            axes.plot([one.prior], [row], marker="D", markersize=3.5, color=fig.GREY, linestyle="")
            axes.plot([one.value], [row], marker="o", markersize=3.5, color=color, linestyle="")
        axes.set_yticks(range(len(mine)), [_title(one) for one in mine], fontsize=7)
        axes.set_ylim(len(mine) - 0.4, -0.6)
        axes.locator_params(axis="x", nbins=5)
        axes.set_title("" if mine[0].unit == "1" else mine[0].unit, fontsize=8, loc="left")
        yield fig.svg(figure, f"{', '.join(_title(one) for one in mine)} with intervals, beside the file's")


def _pictures(found: GroundIdentification) -> Section:
    caption = (
        f"{LEGEND} Of each joint the {SHOWN_S:g} s where a robot is furthest off, of what nothing was fitted to; "
        "figures are root mean squares over all of it."
    )
    return Section("Measured and simulated", caption, gallery(joint_pictures(found.played)))


def _errors(found: GroundIdentification) -> Section:
    held_out = found.held_out
    each = zip(held_out.joints, held_out.before_rad, held_out.after_rad, strict=True)
    rows = [(joint, MRAD * before, MRAD * after) for joint, before, after in each]
    rows.append(("all", MRAD * held_out.before, MRAD * held_out.after))
    forces = ", ".join(f"{value:.2f}" for value in found.wrench_noise[:3])
    moments = ", ".join(f"{value:.3f}" for value in found.wrench_noise[3:])
    left = f"{LEFT} In the trunk's equations of motion, {forces} N and {moments} Nm are left (x, y, z; deviations)."
    body = gallery(leg_pictures(found.played), TWO_REM) + table(("joint", "before, mrad", "after, mrad"), rows)
    return Section("What is left", left, body)


def _correlation(found: GroundIdentification) -> Section:
    figure, (axes,) = fig.blank(height_in=3.2, width_in=SMALL_IN)
    axes.grid(visible=False)
    axes.imshow(found.correlation, cmap="RdBu_r", vmin=-1.0, vmax=1.0, aspect="auto")
    axes.set_yticks(range(len(TRUNK_NAMES)), [TITLES[name] for name in TRUNK_NAMES], fontsize=6)
    axes.set_xticks([])
    axes.tick_params(length=0)
    picture = fig.svg(figure, "correlation of what was found of the trunk")
    first, second = np.triu_indices(len(TRUNK_NAMES), 1)
    values = found.correlation[first, second]
    order = np.argsort(-np.abs(values), kind="stable")[:6]
    rows = [(TITLES[TRUNK_NAMES[first[i]]], TITLES[TRUNK_NAMES[second[i]]], float(values[i])) for i in order]
    caption = (
        "Correlation of errors, columns as rows. Dark red is 1: both are too large together; dark blue is -1: one is "
        "too large where the other is too small. Beyond ±0.9 this log does not tell the two apart."
    )
    pair = [picture, table(("parameter", "and", "correlation"), rows)]
    return Section("What goes together", caption, gallery(pair, TWO_REM))
