"""The robot's shapes for the page, from its spec: a tree of joints with boxes, capsules and balls."""

from __future__ import annotations

from surefoot_robots.shapes import Box, Shape
from surefoot_robots.spec import Leg, RobotSpec


def geometry(spec: RobotSpec) -> dict[str, object]:
    """Trunk, and each leg's three links with the joint they turn about."""
    return {
        "title": spec.title,
        "trunk": [_shape(shape) for shape in spec.trunk.shapes],
        "legs": [_leg(leg) for leg in spec.legs],
        "height_m": spec.standing_height_m,
        "joints": list(spec.joint_names),
    }


def _leg(leg: Leg) -> dict[str, object]:
    links = [
        {
            "at": list(joint.position_in_parent_m),
            "axis": list(joint.axis_in_parent),
            "shapes": [_shape(shape) for shape in link.shapes],
        }
        for joint, link in zip(leg.joints, leg.links, strict=True)
    ]
    return {"name": leg.name, "links": links, "foot": [*leg.foot.position_in_calf_m, leg.foot.radius_m]}


def _shape(shape: Shape) -> dict[str, object]:
    if isinstance(shape, Box):
        return {"kind": "box", "at": list(shape.position_m), "half": list(shape.half_size_m)}
    return {"kind": "capsule", "from": list(shape.start_m), "to": list(shape.end_m), "radius": shape.radius_m}
