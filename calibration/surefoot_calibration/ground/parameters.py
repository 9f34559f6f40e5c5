"""What can be learned of a robot that stands: its trunk with whatever it carries, and its feet's friction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surefoot_calibration.air.sysid import sysid
from surefoot_calibration.log.joint_log import FloatArray
from surefoot_robots.inertia import Inertia, Inertial
from surefoot_robots.spec import RobotSpec

MASS = "base_mass_kg"
COM = ("base_com_x_m", "base_com_y_m", "base_com_z_m")
INERTIA = tuple(f"base_inertia_{axes}_kgm2" for axes in ("xx", "yy", "zz", "xy", "xz", "yz"))
"""About the centre of mass, along the base's axes."""
FRICTION = "foot_friction"
SATURATION = "torque_limit_nm"
TRUNK_NAMES = (MASS, *COM, *INERTIA)
"""In the order of `physical`."""
UNITS = {MASS: "kg", FRICTION: "1", SATURATION: "Nm", **dict.fromkeys(COM, "m"), **dict.fromkeys(INERTIA, "kg m²")}
PLACES = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))
THETA = 10
"""Numbers of a trunk's log-Cholesky coordinates."""


@dataclass(frozen=True, slots=True, eq=False)
class GroundParameters:
    """One robot's trunk and feet."""

    trunk: Inertial
    foot_friction: float


def nominal_ground(robot: RobotSpec) -> GroundParameters:
    """What the robot's file says."""
    return GroundParameters(robot.trunk.inertial, robot.foot_friction)


def theta_of(trunk: Inertial) -> FloatArray:
    """Log-Cholesky coordinates [10], every value of which is a body that can be.

    Half the logarithm of the mass, logarithms of the mass's spread along three axes and how these are sheared, and the
    centre of mass: Rucker & Wensing, Smooth parameterization of rigid-body inertia, RA-L 2022.
    """
    modifier = sysid().model_modifier
    theta: FloatArray = modifier.theta_from_pseudoinertia(modifier.pseudoinertia_from_pi(pi_of(trunk)))
    return theta


def trunk_of(theta: FloatArray) -> Inertial:
    """The inverse of `theta_of`."""
    pi = pi_of_theta(theta)
    mass, com = float(pi[0]), pi[1:4] / pi[0]
    inertia = pi[4:].reshape(3, 3) - mass * (com @ com * np.eye(3) - np.outer(com, com))
    x, y, z = com.tolist()
    return Inertial(mass, (x, y, z), Inertia.of_matrix(inertia))


def pi_of(trunk: Inertial) -> FloatArray:
    """What forces are linear in, [13]: mass, mass times centre, inertia [3, 3] about the base's origin."""
    mass, com = trunk.mass_kg, np.array(trunk.com_m)
    about_origin = trunk.inertia_kgm2.matrix() + mass * (com @ com * np.eye(3) - np.outer(com, com))
    return np.concatenate(([mass], mass * com, about_origin.ravel()))


def pi_of_theta(theta: FloatArray) -> FloatArray:
    """[13]."""
    pi: FloatArray = sysid().model_modifier.pi_from_theta(theta)
    return pi


def physical(theta: FloatArray) -> FloatArray:
    """Values of `TRUNK_NAMES`."""
    return values_of(trunk_of(theta))


def values_of(trunk: Inertial) -> FloatArray:
    """Values of `TRUNK_NAMES`."""
    inertia = trunk.inertia_kgm2.matrix()
    return np.array([trunk.mass_kg, *trunk.com_m, *(inertia[place] for place in PLACES)])


def slopes_of(values: FloatArray, step: float = 1e-5) -> FloatArray:
    """How `physical` changes with each coordinate, [10, 10]."""
    columns = [(physical(values + step * one) - physical(values - step * one)) / (2.0 * step) for one in np.eye(THETA)]
    return np.stack(columns, axis=1)


def pi_slopes_of(theta: FloatArray, step: float = 1e-5) -> FloatArray:
    """How `pi_of_theta` changes with each coordinate, [13, 10]."""
    columns = [
        (pi_of_theta(theta + step * one) - pi_of_theta(theta - step * one)) / (2.0 * step) for one in np.eye(THETA)
    ]
    return np.stack(columns, axis=1)
