"""Whether a spec can be a robot at all: limits the right way round, poses inside them, inertias that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertial
from surefoot_robots.shapes import Box, Capsule
from surefoot_robots.spec import DEFAULT_POSE, Joint, Link, RobotSpec

RELATIVE_ROUNDING = 1e-9
# Far beyond any legged robot, near enough to catch a wrong unit or power of ten (mm for m, g for kg).
MOST_MASS_KG = 1000.0
REACH_M = 2.0
GYRATION_M = (0.001, REACH_M)
"""Radius of gyration, √(moment / mass): where the mass would be if it were a ring."""
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
"""What MuJoCo, URDF, ROS frames and file names all take."""


def check_spec(spec: RobotSpec) -> None:
    """Raise for the first thing that cannot be."""
    for problem in _problems(spec):
        raise SurefootError(f"{spec.origin}: {problem}")


def _problems(spec: RobotSpec) -> Iterator[str]:
    for joint in spec.joints:
        yield from _joint_problems(joint)
    yield from _inertial_problems("trunk", spec.trunk.inertial)
    for leg in spec.legs:
        for link in leg.links:
            yield from _inertial_problems(f"links: {link.name}", link.inertial)
        yield from _inertial_problems(f"foot: {leg.foot.name}", leg.foot.inertial)
        if not any(leg.foot.position_in_calf_m) or not any(leg.joints[2].position_in_parent_m):
            yield f"joints: {leg.name} leg has a link of length 0: thigh and calf must have a length"
    yield from _name_problems(spec)
    yield from _shape_problems(spec)
    yield from _length_problems(spec)
    yield from _pose_problems(spec)


def _joint_problems(joint: Joint) -> Iterator[str]:
    if not joint.lower_rad < joint.upper_rad:
        yield f"joints: {joint.name}: lower_rad {joint.lower_rad} must be below upper_rad {joint.upper_rad}"
    # Below a full turn an angle has one place within its limits, which inverse kinematics relies on.
    if joint.upper_rad - joint.lower_rad >= 2.0 * np.pi:
        yield f"joints: {joint.name}: {joint.lower_rad} to {joint.upper_rad} rad must be less than a full turn"
    motor = joint.motor
    if not motor.full_torque_speed_radps < motor.no_load_speed_radps:
        yield (
            f"joints: {joint.name}: full_torque_speed_radps {motor.full_torque_speed_radps} must be below "
            f"no_load_speed_radps {motor.no_load_speed_radps}"
        )


def _inertial_problems(where: str, inertial: Inertial) -> Iterator[str]:
    """Principal moments must be positive, and none may exceed the sum of the other two (they are sums of squares).

    Nor may they belong to a mass many times larger or smaller.
    """
    if inertial.mass_kg > MOST_MASS_KG:
        yield f"{where}: mass_kg {inertial.mass_kg:g} must be at most {MOST_MASS_KG:g}"
    moments = np.linalg.eigvalsh(inertial.inertia_kgm2.matrix())
    shown = ", ".join(f"{moment:.4g}" for moment in moments)
    if moments[0] <= 0.0:
        yield f"{where}: inertia has principal moments {shown} kg m²: all must be positive"
    elif moments[2] > (moments[0] + moments[1]) * (1.0 + RELATIVE_ROUNDING):
        yield f"{where}: inertia has principal moments {shown} kg m²: the largest must not exceed the sum of the others"
    for moment in moments:
        gyration_m = float(np.sqrt(max(moment, 0.0) / inertial.mass_kg))
        if not GYRATION_M[0] <= gyration_m <= GYRATION_M[1]:
            yield (
                f"{where}: inertia of {moment:.4g} kg m² and mass_kg {inertial.mass_kg:g} make a radius of gyration of "
                f"{gyration_m:.3g} m: must be within {GYRATION_M[0]:g} to {GYRATION_M[1]:g}"
            )


def _name_problems(spec: RobotSpec) -> Iterator[str]:
    links = _links(spec)
    frames = [*(link.name for link in links), *spec.foot_names, spec.imu.name]
    shapes = [shape.name for link in links for shape in link.shapes] + list(spec.foot_names)
    for kind, names in (("frame", frames), ("shape", shapes), ("robot", [spec.name])):
        for name in names:
            if not NAME.fullmatch(name):
                yield f"{kind} name {name!r} is not valid: must be letters, digits and _, beginning with a letter"
            if names.count(name) > 1:
                yield f"{kind} name {name!r} is given twice: names must differ"


def _shape_problems(spec: RobotSpec) -> Iterator[str]:
    for shape in (shape for link in _links(spec) for shape in link.shapes):
        if isinstance(shape, Box) and min(shape.half_size_m) <= 0.0:
            yield f"shapes: {shape.name}: half_size_m {shape.half_size_m} must be above 0"
        if isinstance(shape, Capsule) and shape.start_m == shape.end_m:
            yield f"shapes: {shape.name}: start_m and end_m are both {shape.start_m}: they must differ"


def _length_problems(spec: RobotSpec) -> Iterator[str]:
    for what, lengths_m in _lengths(spec):
        longest_m = max(map(abs, lengths_m))
        if longest_m > REACH_M:
            yield f"{what} has {longest_m:g} m: must be at most {REACH_M:g}"


def _lengths(spec: RobotSpec) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Every position and size, by the key it is written under."""
    yield "trunk: com_m", spec.trunk.inertial.com_m
    yield "imu: position_in_base_m", spec.imu.position_in_base_m
    for leg in spec.legs:
        for link, joint in zip(leg.links, leg.joints, strict=True):
            yield f"links: {link.name}: com_m", link.inertial.com_m
            yield f"joints: {joint.name}: position_in_parent_m", joint.position_in_parent_m
        yield f"foot: {leg.foot.name}: com_m", leg.foot.inertial.com_m
        yield f"foot: {leg.foot.name}: position_in_calf_m", leg.foot.position_in_calf_m
        yield f"foot: {leg.foot.name}: radius_m", (leg.foot.radius_m,)
    for shape in (shape for link in _links(spec) for shape in link.shapes):
        if isinstance(shape, Box):
            yield f"shapes: {shape.name}: position_m", shape.position_m
            yield f"shapes: {shape.name}: half_size_m", shape.half_size_m
        else:
            yield f"shapes: {shape.name}: start_m", shape.start_m
            yield f"shapes: {shape.name}: end_m", shape.end_m
            yield f"shapes: {shape.name}: radius_m", (shape.radius_m,)


def _links(spec: RobotSpec) -> list[Link]:
    return [spec.trunk, *(link for leg in spec.legs for link in leg.links)]


def _pose_problems(spec: RobotSpec) -> Iterator[str]:
    if DEFAULT_POSE not in spec.poses:
        yield f"poses.{DEFAULT_POSE}: is missing; found here: {', '.join(spec.poses) or 'nothing'}"
    for name, pose in spec.poses.items():
        for joint, angle in zip(spec.joints, pose, strict=True):
            if not joint.lower_rad <= angle <= joint.upper_rad:
                yield (
                    f"poses.{name}: {joint.name} at {angle} rad is outside its limits: "
                    f"must be within {joint.lower_rad} to {joint.upper_rad}"
                )
