"""Which PD gains were active: from the log itself, else as told, else the robot's own; the one used is reported."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from surefoot_calibration.log.joint_log import FloatArray, Gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec

FORM = "KP,KD for all joints, as 25,0.5; or twelve of each, joint by joint: KP,KP,…,KD,KD,…"


def chosen_gains(logged: Gains | None, told: Gains | None, robot: RobotSpec) -> Gains:
    """The first of these there is. A log that says something else than was told is an error: one of them is wrong."""
    if logged is not None and told is not None and not _equal(logged, told):
        raise SurefootError(
            f"{told.source} says other gains than {logged.source}", hint="leave out --gains: those in the log are used"
        )
    own = Gains(robot.kp_nm_per_rad, robot.kd_nms_per_rad, f"{robot.origin} (neither the log nor --gains says any)")
    return logged or told or own


def parse_gains(text: str, joints: Sequence[str]) -> Gains:
    """The gains of `--gains`."""
    words = text.split(",")
    each = len(joints)
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise _wrong(text) from None
    if not all(math.isfinite(number) and number >= 0.0 for number in numbers):
        raise _wrong(text)
    if len(numbers) == 2:
        kp, kd = np.full(each, numbers[0]), np.full(each, numbers[1])
    elif len(numbers) == 2 * each:
        kp, kd = np.array(numbers[:each]), np.array(numbers[each:])
    else:
        raise _wrong(text)
    if not kp.all():
        raise _wrong(text)
    return Gains(kp, kd, f"--gains {text}")


def constant_gains(kp: FloatArray, kd: FloatArray, joints: Sequence[str], origin: str) -> Gains:
    """Gains from columns [T, J], which must not change."""
    for name, column in (("kp", kp), ("kd", kd)):
        changing = (column != column[0]).any(axis=0)
        if changing.any():
            joint = int(np.argmax(changing))
            row = int(np.argmax(column[:, joint] != column[0, joint]))
            raise SurefootError(
                f"{origin}: {name}.{joints[joint]} changes from {column[0, joint]:g} to {column[row, joint]:g} at "
                f"sample {row}: gains must stay as they are",
                hint="cut the log there",
            )
    both = np.concatenate((kp[0], kd[0]))
    if not ((kp[0] > 0.0).all() and (kd[0] >= 0.0).all() and np.isfinite(both).all()):
        least = f"kp {kp[0].min():g}, kd {kd[0].min():g}"
        raise SurefootError(f"{origin}: kp must be above 0 and kd at least 0, finite both: {least} to {both.max():g}")
    return Gains(kp[0].copy(), kd[0].copy(), f"columns kp, kd of {origin}")


def _equal(one: Gains, other: Gains) -> bool:
    return bool(
        np.allclose(one.kp_nm_per_rad, other.kp_nm_per_rad) and np.allclose(one.kd_nms_per_rad, other.kd_nms_per_rad)
    )


def _wrong(text: str) -> SurefootError:
    return SurefootError(f"--gains {text!r} is not valid: must be {FORM}; kp above 0, kd at least 0")
