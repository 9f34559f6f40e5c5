"""`surefoot robot`: what the robots are, where every number about them comes from, and their URDF."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from surefoot.output import print_json, print_table
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec

# Column of a table -> attribute of the spec.
LIMITS = {
    "lower rad": "joint_lower_rad",
    "upper rad": "joint_upper_rad",
    "default rad": "default_joint_position_rad",
}
MOTORS = {
    "torque Nm": "torque_limit_nm",
    "up to rad/s": "full_torque_speed_radps",
    "none at rad/s": "speed_limit_radps",
    "kp": "kp_nm_per_rad",
    "kd": "kd_nms_per_rad",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One nested command per question."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = actions.add_parser("list", help="the robots that come with surefoot")
    show = actions.add_parser("show", help="limits and motors per joint, and every number with its source")
    urdf = actions.add_parser("urdf", help="the robot for ROS tools")
    digest = actions.add_parser("hash", help="the text by which a policy knows the robot it was trained for")
    for action in (show, urdf, digest):
        action.add_argument("robot", help="a name of `surefoot robot list`, or the path of a .yaml file of your own")
    for place in (parser, listing, show, digest):  # before or after the action
        place.add_argument(
            "--json", action="store_true", default=argparse.SUPPRESS, help="print one JSON object and nothing else"
        )
    parser.set_defaults(json=False)
    urdf.add_argument("-o", "--output", type=Path, metavar="FILE", help="write it there instead of printing it")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked; wrong names and files are the loader's errors."""
    match arguments.action:
        case "list":
            _list(as_json=arguments.json)
        case "show":
            _show(arguments.robot, as_json=arguments.json)
        case "urdf":
            if arguments.json:
                raise SurefootError("`surefoot robot urdf` takes no --json", hint="a URDF is XML: leave it out")
            _urdf(arguments.robot, arguments.output)
        case "hash":
            _hash(arguments.robot, as_json=arguments.json)
    return 0


def _list(*, as_json: bool) -> None:
    from surefoot_robots.loader import available_robots, load_robot

    robots = [_summary(load_robot(name)) for name in available_robots()]
    if as_json:
        print_json({"robots": robots})
        return
    rows = [(robot["name"], robot["title"], robot["total_mass_kg"], robot["standing_height_m"]) for robot in robots]
    print_table(["name", "title", "mass kg", "stands at m"], rows)


def _summary(spec: RobotSpec) -> dict[str, object]:
    from surefoot_robots.identity import robot_hash

    return {
        "name": spec.name,
        "title": spec.title,
        "total_mass_kg": spec.total_mass_kg,
        "standing_height_m": spec.standing_height_m,
        "robot_hash": robot_hash(spec),
    }


def _hash(robot: str, *, as_json: bool) -> None:
    from surefoot_robots.identity import robot_hash
    from surefoot_robots.loader import load_robot

    spec = load_robot(robot)
    digest = robot_hash(spec)
    if as_json:
        print_json({"name": spec.name, "robot_hash": digest})
    else:
        print(digest)


def _urdf(robot: str, output: Path | None) -> None:
    from surefoot_robots.loader import load_robot
    from surefoot_robots.urdf import build_urdf

    text = build_urdf(load_robot(robot))
    if output is None:
        print(text, end="" if text.endswith("\n") else "\n")
    else:
        output.write_text(text, encoding="utf-8")


def _show(robot: str, *, as_json: bool) -> None:
    from surefoot_robots.loader import load_robot

    spec = load_robot(robot)
    data = _file_content(robot)
    numbers = list(_sourced_numbers(data))
    summary = _summary(spec)
    if as_json:
        print_json({**summary, "spec": spec, "numbers": numbers, "sources": data["sources"]})
        return
    print_table(["robot", spec.title], list(summary.items()))
    print()
    _print_joints(spec, "joints, in the order of every array", LIMITS)
    _print_joints(spec, "motors (kp Nm/rad, kd Nms/rad)", MOTORS)
    rows = [(number.key, number.value_text, number.source, number.note) for number in numbers]
    print_table(["key", "value", "source", "note"], rows, title=f"every number of {spec.origin}")
    print()
    print_table(["source", "is"], list(data["sources"].items()), title="sources")


def _print_joints(spec: RobotSpec, title: str, attributes: Mapping[str, str]) -> None:
    columns = [getattr(spec, attribute).tolist() for attribute in attributes.values()]
    rows = [(name, *numbers) for name, *numbers in zip(spec.joint_names, *columns, strict=True)]
    print_table(["joint", *attributes], rows, title=title)
    print()


def _file_content(robot: str) -> dict[str, Any]:
    """The file as it is written: the spec holds full source texts, a table wants their short names."""
    from surefoot_robots.loader import SPEC_FOLDER, available_robots
    from surefoot_robots.yamlfile import read_mapping

    return read_mapping(SPEC_FOLDER / f"{robot}.yaml" if robot in available_robots() else Path(robot))


@dataclass(frozen=True, slots=True)
class SourcedNumber:
    """A number of the file: its dotted key, its value (or values by leg), where it comes from, and why."""

    key: str
    value: object
    source: str
    note: str | None

    @property
    def value_text(self) -> str:
        """As a table shows it."""
        match self.value:
            case dict(by_leg):
                return ", ".join(f"{legs} {value}" for legs, value in by_leg.items())
            case list(vector):
                return ", ".join(str(value) for value in vector)
            case value:
                return str(value)


def _sourced_numbers(node: object, key: str = "") -> Iterator[SourcedNumber]:
    """Walk the file; whatever has a `source` beside it is a number."""
    match node:
        case {"source": str(source), **rest}:
            note = rest.pop("note", None)
            value = rest["value"] if rest.keys() == {"value"} else rest
            yield SourcedNumber(key, value, source, " ".join(str(note).split()) if note else None)
        case dict():
            for name, child in node.items():
                yield from _sourced_numbers(child, f"{key}.{name}" if key else str(name))
        case list():
            for index, child in enumerate(node):
                yield from _sourced_numbers(child, f"{key}[{index}]")
