"""Parameters as they were found: intervals beside the file's values, and which of them one log cannot tell apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from matplotlib.axes import Axes

from surefoot.report import figure as fig
from surefoot.report.figure import BLUE, GREEN, GREY, ORANGE, RED
from surefoot.report.gallery import SMALL_IN
from surefoot.report.walk_log import FloatArray
from surefoot_calibration.air.parameters import KINDS, UNITS
from surefoot_calibration.air.verdicts import Estimate
from surefoot_robots.calibration import Verdict
from surefoot_robots.spec import JOINT_ROLES

COLORS: dict[Verdict, str] = {"identified": GREEN, "weak": ORANGE, "not_identifiable": RED}
TITLES = {
    "armature_kgm2": "armature",
    "damping_nms_per_rad": "damping",
    "friction_nm": "friction",
    "encoder_offset_rad": "encoder offset",
    "motor_strength": "motor strength",
    "action_delay_s": "delay",
}
PER_LEG = len(KINDS) * len(JOINT_ROLES)


def interval_pictures(estimates: Sequence[Estimate]) -> Iterator[str]:
    """One per kind: a line for each joint."""
    for kind in (*KINDS, "action_delay_s"):
        mine = [estimate for estimate in estimates if estimate.name == kind]
        figure, (axes,) = fig.blank(height_in=0.8 + 0.17 * len(mine), width_in=SMALL_IN)
        for row, estimate in enumerate(mine):
            _interval(axes, row, estimate)
        axes.set_yticks(range(len(mine)), [short(estimate.joint) for estimate in mine], fontsize=7)
        axes.set_ylim(len(mine) - 0.4, -0.6)
        axes.locator_params(axis="x", nbins=5)
        unit = UNITS[kind]
        axes.set_title(TITLES[kind] if unit == "1" else f"{TITLES[kind]}, {unit}", fontsize=8, loc="left")
        yield fig.svg(figure, f"{TITLES[kind]} with intervals, beside the file's")


def leg_correlations(names: Sequence[tuple[str, str | None]], correlation: FloatArray) -> Iterator[str]:
    """One per leg, joint by joint, and the delay that all share."""
    joints = [joint for name, joint in names if name == KINDS[0]]
    for first in range(0, len(joints), len(JOINT_ROLES)):
        leg = joints[first : first + len(JOINT_ROLES)]
        wanted = [(kind, joint) for joint in leg for kind in KINDS] + [("action_delay_s", None)]
        places = [names.index(one) for one in wanted]
        yield _correlation(leg, wanted, correlation[np.ix_(places, places)])


def ties(names: Sequence[tuple[str, str | None]], correlation: FloatArray, most: int) -> list[tuple[str, str, float]]:
    """The strongest, with both parameters in words."""
    first, second = np.triu_indices(len(correlation), 1)
    values = correlation[first, second]
    order = np.argsort(-np.abs(values), kind="stable")[:most]
    return [(spoken(names[first[one]]), spoken(names[second[one]]), float(values[one])) for one in order]


def spoken(name: tuple[str, str | None]) -> str:
    """A parameter in words."""
    kind, joint = name
    return TITLES[kind] if joint is None else f"{TITLES[kind]} of {short(joint)}"


def short(joint: str | None) -> str:
    """A joint's name without what all of them share."""
    return "all joints" if joint is None else joint.removesuffix("_joint").replace("_", " ")


def _interval(axes: Axes, row: int, estimate: Estimate) -> None:
    color = COLORS[estimate.verdict]
    axes.plot([estimate.low, estimate.high], [row, row], color=color, linewidth=2.2, solid_capstyle="butt")
    axes.plot([estimate.prior], [row], marker="D", markersize=3.5, color=GREY, linestyle="")
    axes.plot([estimate.value], [row], marker="o", markersize=3.5, color=color, linestyle="")


def _correlation(leg: Sequence[str | None], wanted: Sequence[tuple[str, str | None]], values: FloatArray) -> str:
    figure, (axes,) = fig.blank(height_in=2.7, width_in=SMALL_IN)
    axes.grid(visible=False)
    axes.imshow(values, cmap="RdBu_r", vmin=-1.0, vmax=1.0, aspect="auto")
    labels = [TITLES[kind].rpartition(" ")[2] for kind, _ in wanted]
    axes.set_yticks(range(len(labels)), labels, fontsize=6)
    middles = len(KINDS) * np.arange(len(leg)) + 0.5 * (len(KINDS) - 1)
    axes.set_xticks(middles, [short(joint) for joint in leg], fontsize=7)
    axes.tick_params(length=0)
    for edge in len(KINDS) * np.arange(1, len(leg) + 1) - 0.5:
        axes.axhline(edge, color=BLUE, linewidth=0.6)
        axes.axvline(edge, color=BLUE, linewidth=0.6)
    return fig.svg(figure, f"correlation of what was found of {', '.join(map(short, leg))}")
