"""From a `RobotSpec` to URDF for ROS tools: links, joints, primitives; names as in the spec."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as ET

import numpy as np

from surefoot_robots.inertia import Inertial, Vector3
from surefoot_robots.shapes import Box, Capsule, Shape
from surefoot_robots.spec import Foot, Imu, Joint, RobotSpec

ZERO: Vector3 = (0.0, 0.0, 0.0)


def build_urdf(spec: RobotSpec) -> str:
    """The robot as URDF text; feet and IMU are links of their own.

    The root, the trunk's link, is without mass, which ROS's kinematics library (KDL) ignores in a root and warns about:
    a link fixed to it, with `_inertia` after its name, has what the trunk weighs and collides with.
    """
    robot = ET.Element("robot", name=spec.name)
    body = f"{spec.trunk.name}_inertia"
    _add_link(robot, spec.trunk.name, None)
    _add_link(robot, body, spec.trunk.inertial, spec.trunk.shapes)
    _add_origin(_add_joint(robot, f"{body}_joint", "fixed", spec.trunk.name, body), ZERO)
    for leg in spec.legs:
        parent = spec.trunk.name
        for joint, link in zip(leg.joints, leg.links, strict=True):
            _add_link(robot, link.name, link.inertial, link.shapes)
            _add_revolute(robot, joint, parent, link.name)
            parent = link.name
        _add_foot(robot, leg.foot, parent)
    _add_imu(robot, spec.imu, spec.trunk.name)
    ET.indent(robot)
    return ET.tostring(robot, encoding="unicode") + "\n"


def _add_link(robot: ET.Element, name: str, inertial: Inertial | None, shapes: Iterable[Shape] = ()) -> ET.Element:
    link = ET.SubElement(robot, "link", name=name)
    if inertial is not None:
        _add_inertial(link, inertial)
    for shape in shapes:
        for kind in ("visual", "collision"):
            _add_shape(link, kind, shape)
    return link


def _add_inertial(link: ET.Element, inertial: Inertial) -> None:
    element = ET.SubElement(link, "inertial")
    _add_origin(element, inertial.com_m)
    ET.SubElement(element, "mass", value=_text(inertial.mass_kg))
    i = inertial.inertia_kgm2
    moments = {"ixx": i.xx, "ixy": i.xy, "ixz": i.xz, "iyy": i.yy, "iyz": i.yz, "izz": i.zz}
    ET.SubElement(element, "inertia", {name: _text(value) for name, value in moments.items()})


def _add_shape(link: ET.Element, kind: str, shape: Shape) -> None:
    if isinstance(shape, Box):
        element = ET.SubElement(link, kind, name=shape.name)
        _add_origin(element, shape.position_m)
        size = " ".join(_text(2.0 * half) for half in shape.half_size_m)
        ET.SubElement(ET.SubElement(element, "geometry"), "box", size=size)
        return
    # URDF has no capsule: a cylinder between the two centres and a ball at either end.
    middle, rpy_rad, length_m = _cylinder_pose(shape)
    cylinder = ET.SubElement(link, kind, name=shape.name)
    _add_origin(cylinder, middle, rpy_rad)
    ET.SubElement(ET.SubElement(cylinder, "geometry"), "cylinder", radius=_text(shape.radius_m), length=_text(length_m))
    _add_ball(link, kind, f"{shape.name}_start", shape.start_m, shape.radius_m)
    _add_ball(link, kind, f"{shape.name}_end", shape.end_m, shape.radius_m)


def _cylinder_pose(shape: Capsule) -> tuple[Vector3, Vector3, float]:
    """Middle, roll-pitch-yaw that turns z onto the capsule's axis, and length."""
    start, end = np.array(shape.start_m), np.array(shape.end_m)
    along = end - start
    length_m = float(np.linalg.norm(along))
    x, y, z = (along / length_m).tolist()
    middle = (0.5 * (start + end)).tolist()
    # Yaw after pitch: z goes to (sin pitch cos yaw, sin pitch sin yaw, cos pitch).
    pitch, yaw = float(np.arctan2(np.hypot(x, y), z)), float(np.arctan2(y, x)) if x or y else 0.0
    return (middle[0], middle[1], middle[2]), (0.0, pitch, yaw), length_m


def _add_ball(link: ET.Element, kind: str, name: str, position_m: Vector3, radius_m: float) -> None:
    element = ET.SubElement(link, kind, name=name)
    _add_origin(element, position_m)
    ET.SubElement(ET.SubElement(element, "geometry"), "sphere", radius=_text(radius_m))


def _add_revolute(robot: ET.Element, joint: Joint, parent: str, child: str) -> None:
    element = _add_joint(robot, joint.name, "revolute", parent, child)
    _add_origin(element, joint.position_in_parent_m)
    ET.SubElement(element, "axis", xyz=_triple(joint.axis_in_parent))
    motor = joint.motor
    limit = {
        "lower": joint.lower_rad,
        "upper": joint.upper_rad,
        "effort": motor.torque_limit_nm,
        "velocity": motor.no_load_speed_radps,
    }
    ET.SubElement(element, "limit", {name: _text(value) for name, value in limit.items()})
    ET.SubElement(element, "dynamics", damping=_text(motor.damping_nms_per_rad), friction=_text(motor.friction_nm))


def _add_foot(robot: ET.Element, foot: Foot, calf: str) -> None:
    link = _add_link(robot, foot.name, foot.inertial)
    for kind in ("visual", "collision"):
        _add_ball(link, kind, foot.name, ZERO, foot.radius_m)
    _add_origin(_add_joint(robot, f"{foot.name}_joint", "fixed", calf, foot.name), foot.position_in_calf_m)


def _add_imu(robot: ET.Element, imu: Imu, base: str) -> None:
    _add_link(robot, imu.name, None)
    joint = _add_joint(robot, f"{imu.name}_joint", "fixed", base, imu.name)
    _add_origin(joint, imu.position_in_base_m, imu.orientation_in_base_rpy_rad)


def _add_joint(robot: ET.Element, name: str, kind: str, parent: str, child: str) -> ET.Element:
    joint = ET.SubElement(robot, "joint", name=name, type=kind)
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    return joint


def _add_origin(element: ET.Element, xyz_m: Vector3, rpy_rad: Vector3 = ZERO) -> None:
    ET.SubElement(element, "origin", xyz=_triple(xyz_m), rpy=_triple(rpy_rad))


def _triple(values: Vector3) -> str:
    return " ".join(_text(value) for value in values)


def _text(value: float) -> str:
    """Every digit of the number: the description and the spec are the same robot."""
    return repr(float(value))
