"""From a robot's YAML file to its `RobotSpec`: strict about keys, types, ranges and sources."""

from __future__ import annotations

from pathlib import Path

from surefoot_robots.checks import check_spec
from surefoot_robots.errors import SurefootError
from surefoot_robots.inertia import Inertia, Inertial, Vector3
from surefoot_robots.section import OWN_SOURCES, Section, SourceBook
from surefoot_robots.shapes import Box, Capsule, Shape
from surefoot_robots.spec import JOINT_ROLES, LEG_NAMES, Foot, Imu, Joint, Leg, Link, Motor, Pose, RobotSpec
from surefoot_robots.yamlfile import read_mapping

SPEC_FOLDER = Path(__file__).parent / "specs"
MIRRORS = ("front_rear", "left_right")
AXES: dict[str, Vector3] = {"hip": (1.0, 0.0, 0.0), "thigh": (0.0, 1.0, 0.0), "calf": (0.0, 1.0, 0.0)}


def available_robots() -> tuple[str, ...]:
    """The names that `load_robot` knows."""
    return tuple(sorted(path.stem for path in SPEC_FOLDER.glob("*.yaml")))


def load_robot(name_or_path: str | Path) -> RobotSpec:
    """A robot by its name (`go2`) or by the path of a YAML file of one's own (`./my_robot.yaml`)."""
    path = robot_file(name_or_path)
    return parse_robot(read_mapping(path), origin=path.name)


def robot_file(name_or_path: str | Path) -> Path:
    """The file of a robot."""
    text = str(name_or_path)
    if isinstance(name_or_path, str) and name_or_path in available_robots():
        return SPEC_FOLDER / f"{name_or_path}.yaml"
    if text.endswith((".yaml", ".yml")):
        return Path(name_or_path)
    known = ", ".join(available_robots())
    raise SurefootError(f"robot {text!r} is unknown: one of {known}, or the path of a .yaml file")


def parse_robot(data: dict[str, object], *, origin: str) -> RobotSpec:
    """The robot that a file's mapping describes; `origin` names the file in errors."""
    book = SourceBook(_source_table(data, origin))
    root = Section({k: v for k, v in data.items() if k != "sources"}, file=origin, path="", book=book)
    spec = RobotSpec(
        name=root.text("name"),
        title=root.text("title"),
        trunk=_trunk(root.section("trunk")),
        legs=_legs(root.section("links"), root.section("joints"), root.section("foot")),
        imu=_imu(root.section("imu")),
        named_poses=_poses(root.section("poses")),
        foot_friction=root.number("foot_friction", above=0.0),
        action_delay_s=root.number("action_delay_s", at_least=0.0),
        origin=origin,
        sourced_numbers=tuple(book.by_number.items()),
    )
    root.done()
    if book.unused:
        raise SurefootError(f"{origin}: sources.{min(book.unused)}: no number refers to this source: remove it")
    check_spec(spec)
    return spec


def _source_table(data: dict[str, object], origin: str) -> dict[str, str]:
    empty = SourceBook({})
    table = Section(data, file=origin, path="", book=empty).section("sources")
    texts = {key: table.text(key) for key in table.keys_left()}
    for key in OWN_SOURCES:
        if key in texts:
            raise table.error(key, texts[key], "absent, this source explains itself by a note at the number")
    return texts


def _inertial(section: Section) -> Inertial:
    mass_kg = section.number("mass_kg", above=0.0)
    inertia = Inertia(*section.numbers("inertia_xx_xy_xz_yy_yz_zz_kgm2", 6))
    return Inertial(mass_kg, section.vector("com_m"), inertia)


def _trunk(section: Section) -> Link:
    name = section.text("name")
    link = Link(name, _inertial(section), tuple(_shape(shape) for shape in section.sections("shapes")))
    section.done()
    return link


def _shape(section: Section) -> Shape:
    name, kind = section.text("name"), section.text("kind")
    shape: Shape
    if kind == "box":
        shape = Box(name, section.vector("position_m"), section.vector("half_size_m"))
    elif kind == "capsule":
        start_m, end_m = section.vector("start_m"), section.vector("end_m")
        shape = Capsule(name, start_m, end_m, section.number("radius_m", above=0.0))
    else:
        raise section.error("kind", kind, "one of box, capsule")
    section.done()
    return shape


def _legs(links: Section, joints: Section, foot: Section) -> tuple[Leg, Leg, Leg, Leg]:
    """Four legs from what is written for the front left one, its mirror rules, and numbers that differ between legs."""
    links_by_leg = [_links_per_leg(links.section(role), role) for role in JOINT_ROLES]
    joints_by_leg = [_joints_per_leg(joints.section(role), role) for role in JOINT_ROLES]
    feet = _feet_per_leg(foot)
    for section in (links, joints, foot):
        section.done()
    front_left, front_right, rear_left, rear_right = (
        Leg(
            name=leg,
            joints=(joints_by_leg[0][leg], joints_by_leg[1][leg], joints_by_leg[2][leg]),
            links=(links_by_leg[0][leg], links_by_leg[1][leg], links_by_leg[2][leg]),
            foot=feet[leg],
        )
        for leg in LEG_NAMES
    )
    return front_left, front_right, rear_left, rear_right


def _flips(leg: str, mirrors: tuple[str, ...]) -> dict[str, bool]:
    """Which axes to flip on the way from the front left leg to another one."""
    return {"x": leg[0] == "R" and "front_rear" in mirrors, "y": leg[1] == "R" and "left_right" in mirrors}


def _flipped(vector: Vector3, *, x: bool, y: bool) -> Vector3:
    # 0.0 − v instead of −v, so that a zero stays 0.0 and does not become −0.0.
    return (0.0 - vector[0] if x else vector[0], 0.0 - vector[1] if y else vector[1], vector[2])


def _links_per_leg(section: Section, role: str) -> dict[str, Link]:
    inertial = _inertial(section)
    mirrors = section.choices("mirrored", MIRRORS)
    shapes = [_capsule(shape) for shape in section.sections("shapes")] if "shapes" in section.keys_left() else []
    section.done()
    links = {}
    for leg in LEG_NAMES:
        flips = _flips(leg, mirrors)
        placed = tuple(
            Capsule(f"{leg}_{s.name}", _flipped(s.start_m, **flips), _flipped(s.end_m, **flips), s.radius_m)
            for s in shapes
        )
        links[leg] = Link(f"{leg}_{role}", inertial.mirrored(**flips), placed)
    return links


def _capsule(section: Section) -> Capsule:
    shape = _shape(section)
    if not isinstance(shape, Capsule):
        raise section.error("kind", "box", "capsule, the only shape of leg links")
    return shape


def _joints_per_leg(section: Section, role: str) -> dict[str, Joint]:
    position_m = section.vector("position_in_parent_m")
    mirrors = section.choices("mirrored", MIRRORS)
    lower, upper = section.number_per_leg("lower_rad"), section.number_per_leg("upper_rad")
    motor = _motor(section)
    section.done()
    return {
        leg: Joint(
            name=f"{leg}_{role}_joint",
            position_in_parent_m=_flipped(position_m, **_flips(leg, mirrors)),
            axis_in_parent=AXES[role],
            lower_rad=lower[leg],
            upper_rad=upper[leg],
            motor=motor,
        )
        for leg in LEG_NAMES
    }


def _motor(section: Section) -> Motor:
    return Motor(
        torque_limit_nm=section.number("torque_limit_nm", above=0.0),
        full_torque_speed_radps=section.number("full_torque_speed_radps", at_least=0.0),
        no_load_speed_radps=section.number("no_load_speed_radps", above=0.0),
        armature_kgm2=section.number("armature_kgm2", above=0.0),
        damping_nms_per_rad=section.number("damping_nms_per_rad", at_least=0.0),
        friction_nm=section.number("friction_nm", at_least=0.0),
        kp_nm_per_rad=section.number("kp_nm_per_rad", above=0.0),
        kd_nms_per_rad=section.number("kd_nms_per_rad", at_least=0.0),
    )


def _feet_per_leg(section: Section) -> dict[str, Foot]:
    inertial = _inertial(section)
    position_m = section.vector("position_in_calf_m")
    radius_m = section.number("radius_m", above=0.0)
    mirrors = section.choices("mirrored", MIRRORS)
    feet = {}
    for leg in LEG_NAMES:
        flips = _flips(leg, mirrors)
        feet[leg] = Foot(f"{leg}_foot", _flipped(position_m, **flips), radius_m, inertial.mirrored(**flips))
    return feet


def _imu(section: Section) -> Imu:
    imu = Imu(section.text("name"), section.vector("position_in_base_m"), section.vector("orientation_in_base_rpy_rad"))
    section.done()
    return imu


def _poses(section: Section) -> tuple[Pose, ...]:
    poses = []
    for name in section.keys_left():
        pose = section.section(name)
        angles = {role: pose.number_per_leg(f"{role}_rad") for role in JOINT_ROLES}
        pose.done()
        poses.append(Pose(name, tuple(angles[role][leg] for leg in LEG_NAMES for role in JOINT_ROLES)))
    return tuple(poses)
