"""Every way in which a robot's file can be wrong is refused by a line that names file, key, value and what is valid."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import SPEC_FOLDER, load_robot, parse_robot
from surefoot_robots.yamlfile import read_mapping

GO2 = read_mapping(SPEC_FOLDER / "go2.yaml")
Path = tuple[str | int, ...]


def sourced_numbers(node: Any, path: Path = ()) -> Iterator[Path]:
    """Where the sourced numbers of a file are."""
    if isinstance(node, dict) and "source" in node:
        yield path
    elif isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield from sourced_numbers(child, (*path, key))


def at(data: Any, path: Path) -> Any:
    for key in path:
        data = data[key]
    return data


def changed(path: Path, value: object) -> dict[str, Any]:
    data = copy.deepcopy(GO2)
    at(data, path[:-1])[path[-1]] = value
    return data


def without(path: Path) -> dict[str, Any]:
    data = copy.deepcopy(GO2)
    del at(data, path[:-1])[path[-1]]
    return data


def refusal(data: dict[str, Any]) -> str:
    with pytest.raises(SurefootError) as caught:
        parse_robot(data, origin="go2.yaml")
    message = caught.value.message
    assert message.startswith("go2.yaml: ")
    assert "\n" not in message
    return message


NUMBERS = tuple(sourced_numbers(GO2))
every_number = pytest.mark.parametrize("path", NUMBERS, ids=lambda path: ".".join(map(str, path)))


def dotted(path: Path) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")


def test_the_file_as_it_is_loads():
    assert parse_robot(copy.deepcopy(GO2), origin="go2.yaml") == load_robot("go2")
    assert len(NUMBERS) == len(load_robot("go2").sources)


@every_number
def test_a_missing_number_is_named(path):
    assert f"{dotted(path)}: is missing; found here: " in refusal(without(path))


@every_number
def test_a_number_without_its_source_is_refused(path):
    plain = {key: value for key, value in at(GO2, path).items() if key != "source"}
    message = refusal(changed(path, plain))
    assert dotted(path) in message
    assert "must be a number with its source" in message
    bare = next(iter(plain.values()))
    assert "must be a number with its source" in refusal(changed(path, bare))


@every_number
def test_what_is_not_a_finite_number_is_refused(path):
    key = next(key for key in at(GO2, path) if key not in {"source", "note"})
    for wrong in (True, "6.9", None, float("nan"), float("inf"), [], {"a": 1}, 10**400):
        message = refusal(changed(path, {**at(GO2, path), key: wrong}))
        assert f"{dotted(path)}.{key}: " in message
        assert "must be a" in message


@every_number
def test_an_unknown_key_beside_a_number_is_refused(path):
    message = refusal(changed((*path, "sauce"), "urdf"))
    assert dotted(path) in message


@pytest.mark.parametrize("path", [path for path in NUMBERS if isinstance(at(GO2, path).get("value"), list)], ids=dotted)
def test_a_list_of_the_wrong_length_is_refused(path):
    entry = {**at(GO2, path), "value": at(GO2, path)["value"][:-1]}
    assert f"must be a list of {len(entry['value']) + 1} numbers" in refusal(changed(path, entry))


@pytest.mark.parametrize(
    "section",
    [
        (),
        ("trunk",),
        ("trunk", "shapes", 0),
        ("links",),
        ("links", "hip"),
        ("links", "thigh", "shapes", 0),
        ("joints",),
        ("joints", "calf"),
        ("foot",),
        ("imu",),
        ("poses", "default"),
    ],
    ids=lambda path: dotted(path) or "top",
)
def test_an_unknown_key_is_named_with_the_known_ones(section):
    message = refusal(changed((*section, "weight_lb"), {"value": 1.0, "source": "urdf"}))
    assert f"{dotted((*section, 'weight_lb'))}: " in message
    assert "this key is unknown; known here: " in message


@pytest.mark.parametrize(
    ("path", "value", "complaint"),
    [
        (("name",), "", "name: '' is not valid: must be a text"),
        (("name",), "go 2", "robot name 'go 2' is not valid: must be letters, digits and _"),
        (("title",), "two\nlines", "title: 'two\\nlines' is not valid: must be a text on one line"),
        (("name",), 2, "name: 2 is not valid: must be a text"),
        (("trunk",), [], "trunk: [] is not valid: must be a mapping"),
        (("trunk", "shapes"), [], "trunk.shapes: [] is not valid: must be a list of mappings"),
        (
            ("trunk", "shapes", 0, "kind"),
            "mesh",
            "trunk.shapes[0].kind: 'mesh' is not valid: must be one of box, capsule",
        ),
        (("trunk", "shapes", 0, "name"), "head", "shape name 'head' is given twice"),
        (("trunk", "name"), "FL_hip", "frame name 'FL_hip' is given twice"),
        (("imu", "name"), "base_link", "frame name 'base_link' is given twice"),
        (
            ("links", "hip", "mirrored"),
            "left_right",
            "links.hip.mirrored: 'left_right' is not valid: must be a list with",
        ),
        (("links", "hip", "mirrored"), ["up_down"], "any of front_rear, left_right, each at most once"),
        (("links", "hip", "mirrored"), ["left_right"] * 2, "any of front_rear, left_right, each at most once"),
        (("joints", "hip", "armature_kgm2", "source"), "internet", "must be one of urdf, menagerie, "),
        (("foot_friction", "note"), 3, "foot_friction.note: 3 is not valid: must be a text"),
        (("sources", "urdf"), 7, "sources.urdf: 7 is not valid: must be a text"),
        (("sources", "derived"), "a book", "sources.derived: 'a book' is not valid: must be absent"),
        (("sources", "hearsay"), "a friend", "sources.hearsay: no number refers to this source: remove it"),
    ],
)
def test_wrong_words_are_refused(path, value, complaint):
    assert complaint in refusal(changed(path, value))


@pytest.mark.parametrize("source", ["assumption", "derived"])
def test_a_number_of_our_own_must_say_why(source):
    message = refusal(changed(("joints", "hip", "armature_kgm2"), {"value": 0.01, "source": source}))
    assert "joints.hip.armature_kgm2.note: None is not valid: must be a text that says why or how" in message


def value(number: object) -> dict[str, object]:
    return {"value": number, "source": "urdf"}


@pytest.mark.parametrize(
    ("path", "number", "complaint"),
    [
        (("trunk", "mass_kg"), 0.0, "trunk.mass_kg.value: 0.0 is not valid: must be a finite number above 0"),
        (("foot", "mass_kg"), -0.04, "foot.mass_kg.value: -0.04 is not valid: must be a finite number above 0"),
        (("foot", "radius_m"), 0, "foot.radius_m.value: 0 is not valid: must be a finite number above 0"),
        (("foot_friction",), -1, "foot_friction.value: -1 is not valid: must be a finite number above 0"),
        (("action_delay_s",), -0.01, "action_delay_s.value: -0.01 is not valid: must be a finite number of at least 0"),
        (("joints", "hip", "friction_nm"), -0.1, "must be a finite number of at least 0"),
        (("joints", "hip", "damping_nms_per_rad"), -0.1, "must be a finite number of at least 0"),
        (("joints", "hip", "armature_kgm2"), 0.0, "must be a finite number above 0"),
        (("joints", "hip", "torque_limit_nm"), 0.0, "must be a finite number above 0"),
        (("joints", "hip", "kp_nm_per_rad"), 0.0, "must be a finite number above 0"),
        (("joints", "hip", "lower_rad"), 1.2, "FL_hip_joint: lower_rad 1.2 must be below upper_rad 1.0472"),
        (("joints", "hip", "upper_rad"), -1.0472, "FL_hip_joint: lower_rad -1.0472 must be below upper_rad -1.0472"),
        (("joints", "calf", "lower_rad"), -8.0, "FL_calf_joint: -8.0 to -0.83776 rad must be less than a full turn"),
        (("joints", "calf", "full_torque_speed_radps"), 15.7, "full_torque_speed_radps 15.7 must be below no_load"),
        (("joints", "calf", "position_in_parent_m"), [0.0, 0.0, 0.0], "FL leg has a link of length 0"),
        (("foot", "position_in_calf_m"), [0, 0, 0], "FL leg has a link of length 0"),
        (
            ("trunk", "shapes", 0, "half_size_m"),
            [0.1, -0.1, 0.1],
            "trunk: half_size_m (0.1, -0.1, 0.1) must be above 0",
        ),
        (("links", "calf", "shapes", 0, "end_m"), [0.0, 0.0, -0.01], "FL_calf: start_m and end_m are both"),
        (("trunk", "mass_kg"), 1e300, "trunk: mass_kg 1e+300 must be at most 1000"),
        (("links", "calf", "mass_kg"), 154.0, "links: FL_calf: inertia of 3.2"),  # g instead of kg
        (("foot", "mass_kg"), 1e-9, "make a radius of gyration of 98 m: must be within 0.001 to 2"),
        (("trunk", "com_m"), [21.1, 0.0, -5.4], "trunk: com_m has 21.1 m: must be at most 2"),  # mm instead of m
        (("links", "thigh", "com_m"), [0.0, -22.3, 0.0], "links: FL_thigh: com_m has 22.3 m: must be at most 2"),
        (
            ("joints", "calf", "position_in_parent_m"),
            [0, 0, -213],
            "joints: FL_calf_joint: position_in_parent_m has 213 m",
        ),
        (("imu", "position_in_base_m"), [-25.57, 0, 0], "imu: position_in_base_m has 25.57 m"),
        (("foot", "radius_m"), 1e9, "foot: FL_foot: radius_m has 1e+09 m: must be at most 2"),
        (("foot", "position_in_calf_m"), [0, 0, -213], "foot: FL_foot: position_in_calf_m has 213 m"),
        (("foot", "com_m"), [2.1, 0, 0], "foot: FL_foot: com_m has 2.1 m"),
        (("trunk", "shapes", 0, "half_size_m"), [188.1, 46.75, 57], "shapes: trunk: half_size_m has 188.1 m"),
        (("trunk", "shapes", 0, "position_m"), [0, 0, 3], "shapes: trunk: position_m has 3 m"),
        (("trunk", "shapes", 1, "start_m"), [290, 0, 30], "shapes: head: start_m has 290 m"),
        (("trunk", "shapes", 1, "end_m"), [293, 0, -60], "shapes: head: end_m has 293 m"),
        (("links", "calf", "shapes", 0, "radius_m"), 13, "shapes: FL_calf: radius_m has 13 m"),
        (("poses", "default", "calf_rad"), -0.5, "poses.default: FL_calf_joint at -0.5 rad is outside its limits"),
        (
            ("poses", "lying", "thigh_rad"),
            3.6,
            "FL_thigh_joint at 3.6 rad is outside its limits: must be within -1.5708",
        ),
    ],
)
def test_numbers_out_of_range_are_refused(path, number, complaint):
    assert complaint in refusal(changed(path, value(number)))


@pytest.mark.parametrize(
    ("moments", "complaint"),
    [  # xx xy xz yy yz zz
        ([0.02, 0.0, 0.0, -0.1, 0.0, 0.1], "principal moments -0.1, 0.02, 0.1 kg m²: all must be positive"),
        ([0.02, 0.0, 0.0, 0.0, 0.0, 0.02], "all must be positive"),
        ([0.02, 0.05, 0.0, 0.02, 0.0, 0.02], "all must be positive"),
        ([0.02, 0.0, 0.0, 0.05, 0.0, 0.1], "0.02, 0.05, 0.1 kg m²: the largest must not exceed the sum of the others"),
    ],
)
@pytest.mark.parametrize("part", [("trunk",), ("links", "thigh"), ("foot",)], ids=dotted)
def test_an_inertia_that_no_body_can_have_is_refused(part, moments, complaint):
    message = refusal(changed((*part, "inertia_xx_xy_xz_yy_yz_zz_kgm2"), value(moments)))
    assert part[0] in message
    assert complaint in message


@pytest.mark.parametrize("joint", ["hip", "thigh", "calf"])
@pytest.mark.parametrize("part", ["joints", "links"])
def test_a_missing_joint_or_link_is_named(part, joint):
    assert f"{part}.{joint}: is missing; found here: " in refusal(without((part, joint)))


@pytest.mark.parametrize("key", GO2)
def test_a_missing_section_is_named(key):
    assert f"{key}: is missing; found here: " in refusal(without((key,)))


def test_a_robot_without_a_default_pose_is_refused():
    data = without(("poses", "default"))
    del data["sources"]["rl_lab"]
    for joint in data["joints"].values():
        joint["kp_nm_per_rad"]["source"] = joint["kd_nms_per_rad"]["source"] = "urdf"
    assert "poses.default: is missing; found here: home, lying" in refusal(data)


def test_a_number_can_differ_from_leg_to_leg():
    entry = {"FL": -0.1, "FR": -0.2, "RL": -0.3, "RR": -0.4, "source": "urdf"}
    spec = parse_robot(changed(("joints", "hip", "lower_rad"), entry), origin="go2.yaml")
    assert spec.joint_lower_rad[::3].tolist() == [-0.1, -0.2, -0.3, -0.4]


def test_a_number_for_some_of_the_legs_is_refused():
    entry = {"front": -0.1, "source": "urdf"}
    message = refusal(changed(("joints", "hip", "lower_rad"), entry))
    assert "{value, source} or {front, rear, source} or {left, right, source} or {FL, FR, RL, RR, source}" in message


def test_a_leg_link_cannot_be_a_box():
    box = {"name": "calf", "kind": "box", "position_m": value([0, 0, 0]), "half_size_m": value([1, 1, 1])}
    assert "links.calf.shapes[0].kind: 'box' is not valid: must be capsule" in refusal(
        changed(("links", "calf", "shapes", 0), box)
    )


def test_an_unknown_robot_lists_the_known_ones():
    with pytest.raises(
        SurefootError, match=r"robot 'go3' is unknown: one of a1, go1, go2, or the path of a \.yaml file"
    ):
        load_robot("go3")


def test_a_file_of_ones_own_is_loaded_by_its_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text((SPEC_FOLDER / "go2.yaml").read_text(encoding="utf-8").replace("name: go2", "name: mine", 1))
    assert load_robot(path).name == "mine"
    assert load_robot(str(path)).origin == "mine.yaml"
