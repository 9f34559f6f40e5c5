"""The calibration that a run learns with, as its configuration keeps it: enough to make its robots without the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeAlias

from surefoot_robots.calibration import Calibration, Measured, Verdict, called
from surefoot_robots.errors import SurefootError
from surefoot_training.task.calibrated import check_factor
from surefoot_training.task.config import TaskConfig

Row: TypeAlias = tuple[str, str | None, float, float, float, Verdict]
"""Name, joint, value, lower and upper end of the interval, verdict."""


@dataclass(frozen=True, slots=True)
class UsedCalibration:
    """What was measured, and how it was used."""

    name: str
    """The file's."""

    sha256: str
    """Of the file, which is kept in the run's folder."""

    robot: str
    robot_hash: str
    protocol: str

    safety_factor: float
    """On the intervals: see `task.calibrated`."""

    measured: tuple[Row, ...]
    """Every parameter of the file."""

    def __post_init__(self) -> None:
        """Refuse intervals made narrower."""
        check_factor(self.safety_factor)

    @classmethod
    def of(cls, calibration: Calibration, safety_factor: float) -> Self:
        """All that the file says."""
        return cls(
            name=calibration.name,
            sha256=calibration.sha256,
            robot=calibration.robot,
            robot_hash=calibration.robot_hash,
            protocol=calibration.protocol,
            safety_factor=safety_factor,
            measured=tuple(
                (one.name, one.joint, one.value, one.low, one.high, one.verdict) for one in calibration.measured
            ),
        )

    @property
    def calibration(self) -> Calibration:
        """As it was read."""
        measured = tuple(Measured(*row) for row in self.measured)
        return Calibration(self.name, self.sha256, self.robot, self.robot_hash, self.protocol, measured)

    @property
    def called(self) -> str:
        """Name and the first letters of the digest."""
        return called(self.name, self.sha256)


def refuse_without_effect(task: TaskConfig, settings: Sequence[str]) -> None:
    """Refuse ranges of all joints, set by `settings`, that nobody draws from because each joint has its own."""
    own = {}
    if task.randomization.measured is not None:
        measured = task.randomization.measured
        own = {
            f"task.randomization.{name}": f"task.randomization.measured.{name}"
            for name in ("joint_friction_scale", "joint_damping_scale", "armature_scale", "motor_strength")
            if getattr(measured, name) is not None
        }
    for name in ("encoder_offset_rad", "gyro_bias_radps", "tilt_bias_rad"):
        if getattr(task.sensors, f"measured_{name}") is not None:
            own[f"task.sensors.{name}"] = f"task.sensors.measured_{name}"
    for setting in settings:
        path = setting.partition("=")[0].strip()
        if path in own:
            raise SurefootError(
                f"{path} would have no effect: the calibration has a range for each joint or axis",
                hint=f"to have this one for all of them, also set {own[path]}=none",
            )
