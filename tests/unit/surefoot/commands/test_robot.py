import json
import re
from pathlib import Path

import pytest

from surefoot import cli
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import SPEC_FOLDER, available_robots, load_robot
from surefoot_robots.urdf import build_urdf


def printed(capsys, *words: str) -> str:
    assert cli.main(["robot", *words]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_list_names_every_robot(capsys):
    header, *lines = printed(capsys, "list").splitlines()
    assert header.split() == ["name", "title", "mass", "kg", "stands", "at", "m"]
    assert [line.split()[0] for line in lines] == list(available_robots())


def test_list_as_json_gives_each_robots_mass_and_hash(capsys):
    robots = json.loads(printed(capsys, "list", "--json"))["robots"]
    assert {robot["name"]: (robot["total_mass_kg"], robot["robot_hash"]) for robot in robots} == {
        name: (load_robot(name).total_mass_kg, robot_hash(load_robot(name))) for name in available_robots()
    }


@pytest.mark.parametrize("words", [("list",), ("show", "go2"), ("hash", "go2")])
def test_json_may_stand_before_the_action_or_behind(capsys, words):
    assert json.loads(printed(capsys, "--json", *words)) == json.loads(printed(capsys, *words, "--json"))


def test_a_urdf_is_not_json(capsys):
    assert cli.main(["robot", "--json", "urdf", "go2"]) == 2
    assert "`surefoot robot urdf` takes no --json" in capsys.readouterr().err


def test_show_has_the_joints_in_order_with_their_limits_and_motors(capsys):
    spec = load_robot("go2")
    shown = printed(capsys, "show", "go2")
    lines = [line.split() for line in shown.splitlines() if re.match(r"^[FR][LR]_\w+_joint ", line)]
    limits, motors = lines[:12], lines[12:]
    assert [line[0] for line in limits] == [line[0] for line in motors] == list(spec.joint_names)
    assert [float(line[1]) for line in limits] == pytest.approx(spec.joint_lower_rad)
    assert [float(line[1]) for line in motors] == pytest.approx(spec.torque_limit_nm)


def test_show_has_every_number_of_the_file_with_its_source(capsys):
    shown = printed(capsys, "show", "go2")
    spec = load_robot("go2")
    for key in spec.sources:
        assert re.search(rf"^{re.escape(key)} ", shown, re.MULTILINE), key
    assert re.search(r"^trunk\.mass_kg +6\.921 +urdf$", shown, re.MULTILINE)
    assert re.search(r"^joints\.thigh\.lower_rad +front -1\.5708, rear -0\.5236 +urdf$", shown, re.MULTILINE)
    assert re.search(r"^urdf +unitreerobotics/unitree_ros:\S+\.urdf$", shown, re.MULTILINE)


def test_show_as_json_is_the_whole_spec(capsys):
    spec = load_robot("go2")
    shown = json.loads(printed(capsys, "show", "go2", "--json"))
    assert shown["robot_hash"] == robot_hash(spec)
    assert shown["spec"]["trunk"]["inertial"]["mass_kg"] == spec.trunk.inertial.mass_kg
    assert {number["key"] for number in shown["numbers"]} == set(spec.sources)
    assert {number["source"] for number in shown["numbers"]} <= {*shown["sources"], "derived", "assumption"}


def test_a_file_of_ones_own_is_shown_like_ours(capsys, tmp_path: Path):
    own = tmp_path / "mine.yaml"
    own.write_text((SPEC_FOLDER / "go2.yaml").read_text().replace("title: Unitree Go2", "title: My Go2"))
    assert printed(capsys, "show", str(own)).startswith("robot              My Go2\n")


def test_urdf_is_printed_or_written(capsys, tmp_path: Path):
    expected = build_urdf(load_robot("a1"))
    assert printed(capsys, "urdf", "a1").strip() == expected.strip()
    target = tmp_path / "a1.urdf"
    assert printed(capsys, "urdf", "a1", "-o", str(target)) == ""
    assert target.read_text() == expected


def test_urdf_into_a_folder_that_is_not_there_is_one_line(capsys, tmp_path: Path):
    assert cli.main(["robot", "urdf", "a1", "--output", str(tmp_path / "no" / "a1.urdf")]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path}/no/a1.urdf: No such file or directory\nhint: check the path\n"


def test_hash_is_the_hash_and_nothing_else(capsys):
    digest = robot_hash(load_robot("go1"))
    assert printed(capsys, "hash", "go1") == digest + "\n"
    assert json.loads(printed(capsys, "hash", "go1", "--json")) == {"name": "go1", "robot_hash": digest}


@pytest.mark.parametrize("action", ["show", "urdf", "hash"])
def test_an_unknown_robot_lists_the_known(capsys, action: str):
    assert cli.main(["robot", action, "go3"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "robot 'go3' is unknown: one of a1, go1, go2" in captured.err
