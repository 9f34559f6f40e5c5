"""What a robot can have at all: a calibration may be a stranger's, or written by hand."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.errors import SurefootError

Span: TypeAlias = tuple[float, float]
PHYSICAL: MappingProxyType[str, Span] = MappingProxyType(
    {
        "armature_kgm2": (0.0, math.inf),
        "damping_nms_per_rad": (0.0, math.inf),
        "friction_nm": (0.0, math.inf),
        "motor_strength": (0.1, 10.0),  # as training and the simulator take it
        "encoder_offset_rad": (-0.3, 0.3),  # as the simulated robot's: who is further off was put together wrongly
        "action_delay_s": (0.0, 0.1),  # half a stride; a policy that acts so late cannot be trained
        "base_mass_kg": (0.1, math.inf),
        "base_com_x_m": (-0.5, 0.5),  # longer than half of any of these trunks
        "base_com_y_m": (-0.5, 0.5),
        "base_com_z_m": (-0.5, 0.5),
        "base_inertia_xx_kgm2": (1e-4, math.inf),
        "base_inertia_yy_kgm2": (1e-4, math.inf),
        "base_inertia_zz_kgm2": (1e-4, math.inf),
        "base_inertia_xy_kgm2": (-math.inf, math.inf),
        "base_inertia_xz_kgm2": (-math.inf, math.inf),
        "base_inertia_yz_kgm2": (-math.inf, math.inf),
        "foot_friction": (0.0, 2.0),  # rubber on concrete has 1.0, and nothing sticks
        "gyro_noise_radps": (0.0, 1.0),
        "gyro_drift_radps_per_sqrt_s": (0.0, 0.1),
        "gyro_bias_x_radps": (-0.2, 0.2),  # as the simulated robot's
        "gyro_bias_y_radps": (-0.2, 0.2),
        "gyro_bias_z_radps": (-0.2, 0.2),
        "tilt_offset_x_rad": (-0.3, 0.3),
        "tilt_offset_y_rad": (-0.3, 0.3),
    }
)
"""Of each parameter that anybody makes use of; others are not looked at."""
ABOVE_ITS_LOWEST = "armature_kgm2"
"""A joint whose rotor weighs nothing cannot be simulated."""
HINT = "measure again, with another motion"
ROUNDING = 1e-9


def check_physical(calibration: Calibration) -> None:
    """Refuse values that no robot has."""
    for one in calibration.measured:
        check_value(one, calibration.name)


def check_value(one: Measured, file: str) -> None:
    """Refuse one that no robot has."""
    low, high = PHYSICAL.get(one.name, (-math.inf, math.inf))
    above = one.name == ABOVE_ITS_LOWEST
    if low <= one.value <= high and not (above and one.value <= low):
        return
    least = f"above {low:g}" if above else f"at least {low:g}"
    valid = least if math.isinf(high) else f"within {low:g} to {high:g}"
    raise SurefootError(f"{file}: {one.called} {one.value:g} is not physical: must be {valid}", hint=HINT)


def check_inertia(matrix_kgm2: NDArray[np.float64], file: str) -> None:
    """Refuse a matrix about a centre of mass that no body has."""
    moments = np.linalg.eigvalsh(matrix_kgm2)
    if not (moments[0] > 0.0 and moments[2] <= (moments[0] + moments[1]) * (1.0 + ROUNDING)):
        raise SurefootError(
            f"{file}: base_inertia: principal moments {', '.join(f'{one:.4g}' for one in moments)} kg m² are not "
            "physical: must be above 0, none above the sum of the others",
            hint=HINT,
        )
