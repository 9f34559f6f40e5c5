"""A robot that is made up: joints go where they are told at a bounded speed, the body stays level.

Near the standing pose they go a quarter of the way, and not at once, as those of legs that bear a robot: a learned
policy tells its joints to go further than they are to go, and would tell more and more to joints that obey.

It has no physics and needs no simulator, so it shows what the processes around it cost, and lets them be tried.
"""

from __future__ import annotations

from pathlib import Path

from surefoot_robots.drivers.driver import MotorTargets, Sample
from surefoot_robots.spec import RobotSpec

PERIOD_S = 0.002
"""As the Go2's LowState."""
FASTEST_RADPS = 10.0
LAGS_S = 0.04
GIVES_WAY_RAD = 0.2
"""At most this much of the way is left."""


class PretendRobot:
    """Begins lying. The same calls give the same samples."""

    def __init__(self, robot: RobotSpec) -> None:
        self._joints = tuple(robot.pose_rad("lying").tolist())
        self._standing = tuple(robot.default_joint_position_rad.tolist())
        self._still = (0.0,) * len(self._joints)
        self._targets: MotorTargets | None = None
        self._next_s: float | None = None
        self._samples = 0
        self.closed = False

    def write(self, targets: MotorTargets, _now_s: float) -> None:
        """Joints without gains stay where they are."""
        self._targets = targets

    def read(self, now_s: float) -> Sample | None:
        """A sample whenever one is due."""
        due_s = now_s if self._next_s is None else self._next_s
        if now_s < due_s:
            return None
        self._next_s = max(due_s, now_s - PERIOD_S) + PERIOD_S
        moved = self._moved()
        speed = tuple((b - a) / PERIOD_S for a, b in zip(self._joints, moved, strict=True))
        self._joints = moved
        self._samples += 1
        return Sample(
            stamp_s=now_s,
            joint_position_rad=moved,
            joint_velocity_radps=speed,
            joint_torque_nm=self._still,
            orientation_wxyz=(1.0, 0.0, 0.0, 0.0),
            angular_velocity_in_base_radps=(0.0, 0.0, 0.0),
            # Of the noise of an IMU this much is left: it never repeats itself.
            acceleration_in_base_mps2=(0.0, 0.0, 9.81 + 1e-9 * (self._samples % 1_000_000)),
        )

    def close(self) -> None:
        """Remember that it was let go."""
        self.closed = True

    def _moved(self) -> tuple[float, ...]:
        targets, most = self._targets, FASTEST_RADPS * PERIOD_S
        if targets is None or not any(targets.kp_nm_per_rad):
            return self._joints
        wanted, share = map(_borne, targets.position_rad, self._standing), PERIOD_S / LAGS_S
        return tuple(at + min(most, max(-most, share * (to - at))) for at, to in zip(self._joints, wanted, strict=True))


def _borne(target_rad: float, standing_rad: float) -> float:
    """Where a joint comes to."""
    return target_rad - min(GIVES_WAY_RAD, max(-GIVES_WAY_RAD, 0.75 * (target_rad - standing_rad)))


def open_pretend(robot: RobotSpec, _file: Path | None, _folder: Path) -> PretendRobot:
    """The driver `pretend`."""
    return PretendRobot(robot)
