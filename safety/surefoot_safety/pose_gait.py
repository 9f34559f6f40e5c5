"""The plainest gait there is: from the measured pose straight to a named one, and stay there."""

from __future__ import annotations

from surefoot_robots.spec import RobotSpec
from surefoot_safety.command import JointTarget, VelocityCommand
from surefoot_safety.gait import Gaits
from surefoot_safety.state import Floats, RobotState


class PoseGait:
    """Joint by joint on a straight line, within a given time. It balances nothing."""

    def __init__(self, pose_rad: Floats, kp_nm_per_rad: Floats, kd_nms_per_rad: Floats, duration_s: float) -> None:
        self._pose_rad, self._duration_s = pose_rad, duration_s
        self._kp, self._kd = kp_nm_per_rad, kd_nms_per_rad
        self._still = (0.0,) * len(pose_rad)
        self._from_rad, self._began_s, self._share = pose_rad, 0.0, 0.0

    def begin(self, state: RobotState) -> None:
        """Start where the joints are."""
        self._from_rad, self._began_s, self._share = state.joint_position_rad, state.stamp_s, 0.0

    def tick(self, _state: RobotState, _command: VelocityCommand, now_s: float) -> JointTarget:
        """A share of the way that grows with time."""
        self._share = min(1.0, max(0.0, (now_s - self._began_s) / self._duration_s))
        position = tuple(a + self._share * (b - a) for a, b in zip(self._from_rad, self._pose_rad, strict=True))
        return JointTarget(position, self._still, self._still, self._kp, self._kd)

    @property
    def finished(self) -> bool:
        """Whether the time is over."""
        return self._share >= 1.0


def pose_gaits(spec: RobotSpec, stand_up_s: float = 2.0, sit_s: float = 2.0) -> Gaits:
    """Gaits that only know the robot's default and lying poses, with its gains for a learned policy."""
    kp, kd = tuple(spec.kp_nm_per_rad.tolist()), tuple(spec.kd_nms_per_rad.tolist())
    standing, lying = (tuple(spec.pose_rad(name).tolist()) for name in ("default", "lying"))
    return Gaits(
        stand_up=PoseGait(standing, kp, kd, stand_up_s),
        stand=PoseGait(standing, kp, kd, 0.5),
        sit=PoseGait(lying, kp, kd, sit_s),
        fallback=PoseGait(standing, kp, kd, 0.5),
    )
