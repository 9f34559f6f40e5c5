"""From where the feet should be to what the motors are told: within limits, at bounded rates, carrying the weight."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

from surefoot_safety.command import JointTarget
from surefoot_safety.gaits.errors import GaitError
from surefoot_safety.gaits.plan import Plan
from surefoot_safety.leg import Jacobian
from surefoot_safety.state import Floats, RobotState, Vector3

SINGULAR_M3 = 1e-5
"""A leg's Jacobian has a determinant of 0.004 m³ when it stands; with less than this its stretched knee tells nothing
of what it carries."""


class Drive:
    """Joint targets of one gait, from the measured pose on."""

    def __init__(self, plan: Plan, rate_radps: Floats) -> None:
        """Targets move at most at `rate_radps` per joint."""
        self._plan = plan
        self._per_joint = (rate_radps, plan.lower_rad, plan.upper_rad, plan.kd_nms_per_rad, plan.torque_nm)
        self._still = (0.0,) * len(rate_radps)
        self.position_rad: Floats = self._still
        self.torque_nm: Floats = self._still

    def begin(self, measured_rad: Floats) -> None:
        """Start where the joints are, or at the limit that one is beyond."""
        plan = self._plan
        self.torque_nm = self._still
        self.position_rad = tuple(
            min(high, max(low, angle))
            for low, angle, high in zip(plan.lower_rad, measured_rad, plan.upper_rad, strict=True)
        )

    def to_feet(self, feet_m: Sequence[Vector3], dt_s: float, torque_nm: Floats) -> JointTarget:
        """Towards the joint angles that put the feet there."""
        # Here, since holding something between limits makes a number of what is none.
        if not isfinite(sum(x + y + z for x, y, z in feet_m)):
            raise GaitError("the gait has come to feet that are nowhere")
        wanted: list[float] = []
        for leg, foot in zip(self._plan.legs, feet_m, strict=True):
            wanted += leg.joints(foot)
        return self.to_joints(wanted, dt_s, torque_nm)

    def to_joints(self, wanted_rad: Sequence[float], dt_s: float, torque_nm: Floats) -> JointTarget:
        """Towards these joint angles.

        What kd takes from a motion at the targets' own rate is given back as torque. As a velocity target it would be
        the same to the motors, but the supervisor's transitions, in which most of a takeover happens, leave that out.
        """
        if not isfinite(sum(wanted_rad) + sum(torque_nm)):
            raise GaitError("the gait has come to targets that are no numbers")
        plan, position, torque = self._plan, [], []
        for at, wanted, add, rate, low, high, kd, most in zip(
            self.position_rad, wanted_rad, torque_nm, *self._per_joint, strict=True
        ):
            step = rate * dt_s
            goes = (low if wanted < low else high if wanted > high else wanted) - at
            goes = -step if goes < -step else step if goes > step else goes
            to = at + goes
            # Rounding may reach beyond what both ends are within.
            position.append(low if to < low else high if to > high else to)
            given = add + kd * goes / dt_s if dt_s > 0.0 else add
            torque.append(-most if given < -most else most if given > most else given)
        self.position_rad, self.torque_nm = tuple(position), tuple(torque)
        return JointTarget(self.position_rad, self._still, self.torque_nm, plan.kp_nm_per_rad, plan.kd_nms_per_rad)

    def loads_n(self, state: RobotState, feet: Sequence[tuple[Vector3, Jacobian]]) -> Floats:
        """What each foot is believed to carry, by the torque that the last targets give at the measured joints.

        Jᵀ f = −τ, of whose solution by cross products only the vertical part is wanted.
        """
        plan, loads = self._plan, []
        for leg, (_, (hip, thigh, calf)) in enumerate(feet):
            a, b, c = (
                plan.kp_nm_per_rad[joint] * (self.position_rad[joint] - state.joint_position_rad[joint])
                - plan.kd_nms_per_rad[joint] * state.joint_velocity_radps[joint]
                + self.torque_nm[joint]
                for joint in range(3 * leg, 3 * leg + 3)
            )
            # The hip's column has no x.
            determinant = hip[1] * (thigh[2] * calf[0] - thigh[0] * calf[2]) + hip[2] * (
                thigh[0] * calf[1] - thigh[1] * calf[0]
            )
            vertical = a * (thigh[0] * calf[1] - thigh[1] * calf[0]) + hip[1] * (b * calf[0] - c * thigh[0])
            loads.append(-vertical / determinant if abs(determinant) > SINGULAR_M3 else 0.0)
        return tuple(loads)


def carrying_nm(feet: Sequence[tuple[Vector3, Jacobian]], forces_n: Sequence[Vector3]) -> Floats:
    """Joint torques that hold forces of the ground on the feet: τ = −Jᵀ f."""
    torque: list[float] = []
    for (_, columns), (fx, fy, fz) in zip(feet, forces_n, strict=True):
        torque += [-(x * fx + y * fy + z * fz) for x, y, z in columns]
    return tuple(torque)


def slow_rates(plan: Plan, rate_radps: float) -> Floats:
    """One rate for all joints, none beyond what its motor can."""
    return tuple(min(rate_radps, speed) for speed in plan.no_load_speed_radps)


def toward(at: float, wanted: float, step: float) -> float:
    """At most a step nearer."""
    return max(at - step, min(at + step, wanted))
