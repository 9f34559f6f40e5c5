"""What a calibration narrows joint by joint, where `RandomizationConfig` has one range for all joints."""

from __future__ import annotations

import math
from dataclasses import dataclass

from surefoot_training.task.settings import Span, check_spans

_LEAST_STRENGTH = 0.1  # as of the range of all joints


@dataclass(frozen=True, slots=True)
class MeasuredRanges:
    """Factors on the measured robot's values, [J] each in the robot's order; None keeps the range of all joints."""

    joint_friction_scale: tuple[Span, ...] | None = None
    """Coulomb friction."""

    joint_damping_scale: tuple[Span, ...] | None = None
    """Viscous friction."""

    armature_scale: tuple[Span, ...] | None = None
    """Rotor inertia."""

    motor_strength: tuple[Span, ...] | None = None
    """Torque given per torque commanded."""

    trunk_mass_scale: Span | None = None
    """Mass of the trunk, its inertia with it; None is drawn like that of the other links."""

    trunk_inertia_scale: Span | None = None
    """Inertia of the trunk besides; None is drawn like that of the other links."""

    def __post_init__(self) -> None:
        """Refuse what is not physical."""
        for name in ("joint_friction_scale", "joint_damping_scale", "armature_scale"):
            check_spans(name, getattr(self, name) or (), 0.0, math.inf)
        check_spans("motor_strength", self.motor_strength or (), _LEAST_STRENGTH, math.inf)
        for name in ("trunk_mass_scale", "trunk_inertia_scale"):
            of_trunk = getattr(self, name)
            if of_trunk is not None:
                check_spans(name, (of_trunk,), _LEAST_STRENGTH, math.inf)
