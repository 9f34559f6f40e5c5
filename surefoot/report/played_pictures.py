"""Joints as measured, as the file's robot would have moved, and as the calibrated one would have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from surefoot.report import figure as fig
from surefoot.report.figure import BLUE, GREY, ORANGE
from surefoot.report.gallery import SMALL_IN
from surefoot_calibration.air.play import Played, rms_rad

SHOWN_S = 0.8
"""Of a window: more of it, and its lines could not be told apart."""
LEGEND = "Grey is measured, orange the file's robot, blue the calibrated one."
LEFT = (
    "Errors of the calibrated robot, dotted where a window ends and another begins. What is as rough as noise and "
    "stays around nought has nothing left to tell; waves are what the model does not know, or a window's beginning "
    "that is only as good as what was measured there."
)
MRAD = 1e3


@dataclass(frozen=True, slots=True)
class _Place:
    """A stretch of one log."""

    both: Played
    rows: NDArray[np.intp]


def joint_pictures(each: Sequence[Played]) -> Iterator[str]:
    """One per joint: the stretch where one of both robots is furthest off, and the errors there."""
    before, after = rms_rad(each)
    for joint, name in enumerate(each[0].joints):
        yield _joint_picture(_furthest(each, joint), joint, name, (float(before[joint]), float(after[joint])))


def leg_pictures(each: Sequence[Played]) -> Iterator[str]:
    """One per leg: what is left of its joints' errors, all windows one behind the other."""
    joints = each[0].joints
    for first in range(0, len(joints), 3):
        figure, rows = fig.blank(3, 1, 3.0, width_in=SMALL_IN)
        for axes, joint in zip(rows, range(first, first + 3), strict=True):
            ends = _left(axes, each, joint)
            axes.set_title(f"{joints[joint]}, mrad", fontsize=8, loc="left", pad=2)
        rows[-1].set_xlabel("s", fontsize=8)
        rows[-1].set_xlim(0.0, ends)
        yield fig.svg(figure, f"what is left of the errors of {', '.join(joints[first : first + 3])}")


def _joint_picture(place: _Place, joint: int, name: str, rms: tuple[float, float]) -> str:
    both, rows = place.both, place.rows
    figure, (angle, error) = fig.blank(2, 1, 2.6, width_in=SMALL_IN, shares=(2.0, 1.0))
    time_s, measured = both.stamp_s[rows], both.measured_rad[rows, joint]
    angle.plot(time_s, measured, color=GREY, linewidth=3.0, alpha=0.6)
    for simulated, color in ((both.before_rad, ORANGE), (both.after_rad, BLUE)):
        angle.plot(time_s, simulated[rows, joint], color=color, linewidth=0.9)
        error.plot(time_s, MRAD * (simulated[rows, joint] - measured), color=color, linewidth=0.9)
    angle.set_title(f"{name}: {MRAD * rms[0]:.2f} → {MRAD * rms[1]:.2f} mrad", fontsize=8, loc="left")
    angle.set_ylabel("rad", fontsize=8)
    error.set_ylabel("off, mrad", fontsize=8)
    error.set_xlabel("s", fontsize=8)
    error.set_xlim(time_s[0], time_s[-1])
    return fig.svg(figure, f"{name} as measured and as simulated, before and after")


def _furthest(each: Sequence[Played], joint: int) -> _Place:
    """Of the window with the greatest error of either robot, the stretch with the greatest."""
    found = [(float(np.maximum(*one.window_rms_rad())[:, joint].max()), number) for number, one in enumerate(each)]
    both = each[max(found)[1]]
    rows = both.rows(int(np.argmax(np.maximum(*both.window_rms_rad())[:, joint])))
    off = np.maximum(
        *(np.abs(one[rows, joint] - both.measured_rad[rows, joint]) for one in (both.before_rad, both.after_rad))
    )
    stamp_s = both.stamp_s[rows]
    ends = np.searchsorted(stamp_s, stamp_s + SHOWN_S)
    total = np.append(0.0, np.cumsum(np.square(off)))
    # Stretches that reach beyond the window's end are shorter, and are not taken for it.
    whole = stamp_s + SHOWN_S <= stamp_s[-1]
    sums = np.where(whole, total[ends] - total[: len(rows)], -1.0)
    first = int(np.argmax(sums)) if whole.any() else 0
    return _Place(both, rows[first : ends[first]])


def _left(axes: Axes, each: Sequence[Played], joint: int) -> float:
    """Draw a joint's errors after, and a line between windows; how long all of them are."""
    begins_s = 0.0
    for one in each:
        off = MRAD * (one.after_rad[:, joint] - one.measured_rad[:, joint])
        for window in range(one.windows):
            rows = one.rows(window)
            time_s = one.stamp_s[rows] - one.stamp_s[rows[0]] + begins_s
            axes.plot(*fig.thinned(time_s, off[rows]), color=BLUE, linewidth=0.6)
            begins_s = float(time_s[-1])
            axes.axvline(begins_s, color=GREY, linewidth=0.6, linestyle=":")
    return begins_s
