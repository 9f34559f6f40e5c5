"""docs/adding-a-robot.md: what it says of a robot's file is so."""

import re
from pathlib import Path

import yaml

from surefoot_robots.loader import SPEC_FOLDER, parse_robot
from surefoot_robots.yamlfile import read_mapping
from surefoot_safety.gaits.plan import plan_of

PAGE = (Path(__file__).parents[3] / "docs" / "adding-a-robot.md").read_text(encoding="utf-8")


def test_its_sections_are_those_of_a_file():
    rows = re.findall(r"^\| (`[^|]*`) \| [^|]* \|$", PAGE, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert named == list(read_mapping(SPEC_FOLDER / "go2.yaml"))


def test_its_joint_is_one():
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    shown = yaml.safe_load(text)
    data = read_mapping(SPEC_FOLDER / "go2.yaml")
    data["joints"] |= shown
    robot = parse_robot(data, origin="my_robot.yaml")
    hips = robot.joints[0::3]
    assert [hip.upper_rad for hip in hips] == [0.9, 0.6, 0.9, 0.6]
    assert [hip.position_in_parent_m[1] for hip in hips] == [0.05, -0.05, 0.05, -0.05]
    assert [hip.position_in_parent_m[0] for hip in hips] == [0.21, 0.21, -0.21, -0.21]


def test_gaits_need_the_gains_it_says():
    stated = [float(number) for number in re.findall(r"a k[pd] of ([\d.]+) Nms?/rad per kg", PAGE)]
    plan = plan_of(parse_robot(read_mapping(SPEC_FOLDER / "go2.yaml"), origin="go2.yaml"))
    assert stated == [plan.kp_nm_per_rad[0] / plan.mass_kg, plan.damping_kd_nms_per_rad[0] / plan.mass_kg]
