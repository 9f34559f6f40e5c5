"""What a gait makes of its samples: whether they can be used, which way is down, how fast the base moves."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite, sqrt

from surefoot_safety.gaits.errors import GaitError
from surefoot_safety.gaits.plan import Plan
from surefoot_safety.leg import Jacobian
from surefoot_safety.state import GRAVITY_MPS2, RobotState, Vector3

DOWN_TIME_S = 0.1
"""The gyro carries down on for so long before the measured one outweighs it: half of a step, whose impacts shake it."""
TURN_TIME_S = 0.015
"""Three ticks: takes most of a gyro's noise, and costs less delay than the motors have."""
VELOCITY_TIME_S = 0.05
"""The accelerometer carries velocity on for so long: a quarter of a step. A tilt that is off by 0.03 rad costs 15 mm/s,
noise of 0.9 rad/s in all joint speeds about 50 mm/s."""
SLIP_MPS = 0.3
"""A foot that moves so much against what the accelerometer has carried on counts half, one with the double a 17th: it
slips, swings or bounces. Noise of 0.9 rad/s in joint speeds is 0.1 m/s at a foot. Of 200 robots that are taken over at
1 m/s and pushed, the error after 0.1 s is 0.1 m/s so (0.2 m/s in one of ten), and 0.6 (1.0) without."""
DOUBT_MPS2 = 3.0
"""By which that grows while no foot is believed: what tilts and blows do to an accelerometer, so that nothing wrong is
believed for ever."""
KNOWN_S = 0.03
"""Looks at feet that are believed as they are, before there is a velocity to hold them against."""
LONGEST_TICK_S = 0.02
"""Time that did not pass for a gait: four ticks of 200 Hz are the most that it makes up for."""


def check_usable(state: RobotState, now_s: float, joints: int) -> None:
    """Refuse what is not finite or not of this robot; one sum finds it, and only then is it named."""
    position, speed = state.joint_position_rad, state.joint_velocity_radps
    turn, acceleration = state.angular_velocity_in_base_radps, state.acceleration_in_base_mps2
    if len(position) != joints or len(speed) != joints:
        raise GaitError(f"a sample of {len(position)} joint positions and {len(speed)} speeds, not {joints}")
    total = sum(position) + sum(speed) + sum(state.orientation_wxyz) + sum(turn) + sum(acceleration) + now_s
    if isfinite(total):
        return
    fields = {
        "now_s": (now_s,),
        "joint_position_rad": position,
        "joint_velocity_radps": speed,
        "orientation_wxyz": state.orientation_wxyz,
        "angular_velocity_in_base_radps": turn,
        "acceleration_in_base_mps2": acceleration,
    }
    wrong = next((name for name, values in fields.items() if not isfinite(sum(values))), "the sum of all values")
    raise GaitError(f"{wrong} must be finite")


class Clock:
    """Time between ticks, never negative and never more than a gait should make up for."""

    def __init__(self) -> None:
        self._last_s = 0.0

    def begin(self, now_s: float) -> None:
        """Start counting."""
        self._last_s = now_s

    def passed_s(self, now_s: float) -> float:
        """Since the last call."""
        passed_s = min(LONGEST_TICK_S, max(0.0, now_s - self._last_s))
        self._last_s = now_s
        return passed_s


class Attitude:
    """Down in the base and how it turns, with less noise than the sensors have."""

    def __init__(self) -> None:
        self.down: Vector3 = (0.0, 0.0, -1.0)
        self.turn_radps: Vector3 = (0.0, 0.0, 0.0)

    def begin(self, state: RobotState) -> None:
        """Believe the sample."""
        self.down, self.turn_radps = _unit(state.gravity_in_base), state.angular_velocity_in_base_radps

    def update(self, state: RobotState, dt_s: float) -> None:
        """Turn down by the gyro (ġ = g × ω), and then a little towards what was measured."""
        (x, y, z), (p, q, r) = self.down, state.angular_velocity_in_base_radps
        share = dt_s / (DOWN_TIME_S + dt_s)
        mx, my, mz = state.gravity_in_base
        x, y, z = x + dt_s * (y * r - z * q), y + dt_s * (z * p - x * r), z + dt_s * (x * q - y * p)
        self.down = _unit((x + share * (mx - x), y + share * (my - y), z + share * (mz - z)))
        share = dt_s / (TURN_TIME_S + dt_s)
        a, b, c = self.turn_radps
        self.turn_radps = (a + share * (p - a), b + share * (q - b), c + share * (r - c))

    @property
    def roll_rad(self) -> float:
        """Left side up is positive; its sine."""
        return -self.down[1]

    @property
    def pitch_rad(self) -> float:
        """Nose down is positive; its sine."""
        return self.down[0]

    def lean_m(self, height_m: float) -> tuple[float, float]:
        """How far beside the base, in its own x and y, lies what is straight below it at that height."""
        x, y, z = self.down
        below = max(-z, 0.5)  # beyond 60° of tilt nobody stands
        return height_m * x / below, height_m * y / below


class Odometry:
    """The base's velocity in its own axes, from the legs that stand and the accelerometer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.velocity_mps: Vector3 = (0.0, 0.0, 0.0)
        self.belief_s = 0.0
        """Of feet that say the same as the accelerometer, each for how long."""
        self._seconds = self._doubted_s = 0.0

    def begin(self) -> None:
        """Know nothing: the first looks are averaged."""
        self.velocity_mps = (0.0, 0.0, 0.0)
        self.belief_s = self._seconds = self._doubted_s = 0.0

    def update(
        self,
        state: RobotState,
        feet: Sequence[tuple[Vector3, Jacobian]],
        shares: Sequence[float],
        down: Vector3,
        dt_s: float,
    ) -> None:
        """One tick; `feet` as `Leg.foot` gives them, `shares` how much each is believed to stand still."""
        vx, vy, vz = self.velocity_mps
        p, q, r = state.angular_velocity_in_base_radps
        ax, ay, az = state.acceleration_in_base_mps2
        # v̇ = f + g − ω × v, f being what the accelerometer feels.
        vx, vy, vz = (
            vx + dt_s * (ax + GRAVITY_MPS2 * down[0] - (q * vz - r * vy)),
            vy + dt_s * (ay + GRAVITY_MPS2 * down[1] - (r * vx - p * vz)),
            vz + dt_s * (az + GRAVITY_MPS2 * down[2] - (p * vy - q * vx)),
        )
        self._seconds += dt_s
        ox, oy, oz, believed = self._by_legs(state, feet, shares, (vx, vy, vz))
        self.belief_s += dt_s * believed if self._seconds >= KNOWN_S else 0.0
        self._doubted_s = 0.0 if believed >= 0.5 else self._doubted_s + dt_s
        share = max(dt_s, 1e-4) / min(VELOCITY_TIME_S, max(self._seconds, 1e-4))
        share = min(1.0, share) * min(1.0, believed)
        self.velocity_mps = (vx + share * (ox - vx), vy + share * (oy - vy), vz + share * (oz - vz))

    def _by_legs(
        self,
        state: RobotState,
        feet: Sequence[tuple[Vector3, Jacobian]],
        shares: Sequence[float],
        expected_mps: Vector3,
    ) -> tuple[float, float, float, float]:
        """Feet that stand still in the world: v = −(J q̇ + ω × r), averaged; and how many feet say what was expected.

        Before anything is known to expect, whoever says something is believed.
        """
        p, q, r = state.angular_velocity_in_base_radps
        speed = state.joint_velocity_radps
        ex, ey, ez = expected_mps
        known, slip_mps = self._seconds >= KNOWN_S, SLIP_MPS + DOUBT_MPS2 * self._doubted_s
        sum_x = sum_y = sum_z = believed = 0.0
        for leg, (((x, y, z), (hip, thigh, calf)), share) in enumerate(zip(feet, shares, strict=True)):
            if share <= 0.0:
                continue
            a, b, c = speed[3 * leg : 3 * leg + 3]
            vx = r * y - q * z - hip[0] * a - thigh[0] * b - calf[0] * c
            vy = p * z - r * x - hip[1] * a - thigh[1] * b - calf[1] * c
            vz = q * x - p * y - hip[2] * a - thigh[2] * b - calf[2] * c
            weight = share
            if known:
                ox, oy, oz = (vx - ex) / slip_mps, (vy - ey) / slip_mps, (vz - ez) / slip_mps
                off = ox * ox + oy * oy + oz * oz
                weight = share / (1.0 + off * off)
            believed += weight
            sum_x, sum_y, sum_z = sum_x + weight * vx, sum_y + weight * vy, sum_z + weight * vz
        if not believed > 0.0:
            return ex, ey, ez, 0.0
        return sum_x / believed, sum_y / believed, sum_z / believed, believed if known else 1.0


def _unit(vector: Vector3) -> Vector3:
    x, y, z = vector
    length = sqrt(x * x + y * y + z * z)
    if not length > 0.0:
        raise GaitError("down has no direction: the orientation is no quaternion")
    return x / length, y / length, z / length
