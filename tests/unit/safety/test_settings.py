import copy
import dataclasses
import math
from pathlib import Path

import pytest
from safe_robot import ROBOTS

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot, robot_file
from surefoot_robots.yamlfile import read_mapping
from surefoot_safety.action import Action
from surefoot_safety.bounds import Stricter, fixed, higher, lower
from surefoot_safety.settings import SECTIONS, Rule, bounds_of, contradictions
from surefoot_safety.settings_loader import FOLDER, load_robot_with_settings, load_settings, parse_settings
from surefoot_safety.table import ROWS, TABLE, Trigger

NUMBERS = [(section, key) for section in SECTIONS for key in bounds_of(section)]
GO2 = read_mapping(FOLDER / "go2.yaml")
SHIPPED = load_settings("go2")


def sourced(value):
    return {"value": value, "source": "assumption", "note": "a test"}


def own(section, key, value):
    return {"robot": "go2", section: {key: sourced(value)}}


def parse(data, release=True):
    return parse_settings(data, origin="own.yaml", shipped=SHIPPED, release=release)


def shipped_value(section, key):
    return getattr(getattr(SHIPPED, section), key)


def test_there_are_so_many_numbers_and_triggers():
    assert len(NUMBERS) == 62
    assert len(TABLE) == len(Trigger) == 44


@pytest.mark.parametrize("robot", ROBOTS)
def test_every_number_has_a_source(robot):
    sources = dict(load_settings(robot).sourced_numbers)
    wanted = {f"{section}.{key}" for section, key in NUMBERS}
    wanted |= {f"triggers.{trigger.value}.delay_s" for trigger in Trigger}
    assert set(sources) == wanted
    assert all(len(source) > len("assumption") for source in sources.values())


def test_bounds():
    assert lower(1.0, 2.0).stricter is Stricter.LOWER
    assert [lower(1.0, 2.0).contain(value) for value in (0.99, 1.0, 2.0, 2.01, math.nan)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert [lower(0.0, 9.0).at_least_as_strict(value, 5.0) for value in (4.9, 5.0, 5.1)] == [True, True, False]
    assert [higher(0.0, 9.0).at_least_as_strict(value, 5.0) for value in (4.9, 5.0, 5.1)] == [False, True, True]
    assert [fixed(0.0, 9.0).at_least_as_strict(value, 5.0) for value in (4.9, 5.0, 5.1)] == [False, True, False]


@pytest.mark.parametrize(("section", "key"), NUMBERS)
def test_no_number_may_leave_its_range_release_or_not(section, key):
    bounds = bounds_of(section)[key]
    for value in (bounds.low - 1e-6, bounds.high + 1e-6):
        for release in (True, False):
            with pytest.raises(SurefootError, match=rf"own\.yaml: {section}\.{key}: .* must be within"):
                parse(own(section, key, value), release)
    for value in (math.nan, math.inf, "1", True, None):
        with pytest.raises(SurefootError, match=rf"{section}\.{key}\.value"):
            parse(own(section, key, value))


@pytest.mark.parametrize(("section", "key"), NUMBERS)
def test_no_range_reaches_where_a_check_is_off(section, key):
    bounds = bounds_of(section)[key]
    assert math.isfinite(bounds.low)
    assert math.isfinite(bounds.high)
    assert bounds.low <= shipped_value(section, key) <= bounds.high


@pytest.mark.parametrize(("section", "key"), NUMBERS)
def test_a_release_only_tightens(section, key):
    bounds, value = bounds_of(section)[key], shipped_value(section, key)
    up, down = value + 1e-3 * (bounds.high - value), value - 1e-3 * (value - bounds.low)
    milder = {Stricter.LOWER: [up], Stricter.HIGHER: [down], Stricter.NEITHER: [up, down]}[bounds.stricter]
    stricter = {Stricter.LOWER: [down], Stricter.HIGHER: [up], Stricter.NEITHER: []}[bounds.stricter]
    for other in [found for found in milder if found != value]:
        with pytest.raises(SurefootError, match="a release configuration may only tighten"):
            parse(own(section, key, other))
        assert getattr(getattr(parse(own(section, key, other), release=False), section), key) == other
    for other in [value, *stricter]:
        settings = parse(own(section, key, other))
        assert getattr(getattr(settings, section), key) == other
        assert dict(settings.sourced_numbers)[f"{section}.{key}"] == "assumption (a test)"


def test_what_a_file_leaves_out_stays_as_shipped():
    settings = parse({"robot": "go2", "body": {"tilt_rad": sourced(0.8)}})
    assert settings == dataclasses.replace(SHIPPED, body=dataclasses.replace(SHIPPED.body, tilt_rad=0.8))
    assert parse({"robot": "go2"}) == SHIPPED
    assert parse({"robot": "go2"}).sourced_numbers == SHIPPED.sourced_numbers


def rule(trigger, action, delay_s=0.0):
    return {"robot": "go2", "triggers": {trigger.value: {"action": action.name.lower(), "delay_s": sourced(delay_s)}}}


@pytest.mark.parametrize("trigger", list(Trigger))
@pytest.mark.parametrize("action", list(Action)[1:])
def test_actions_may_become_more_severe_and_never_milder(trigger, action):
    if action < ROWS[trigger].least_action:
        for release in (True, False):
            with pytest.raises(SurefootError, match=rf"triggers\.{trigger.value}\.action: .* must be one of"):
                parse(rule(trigger, action), release)
    else:
        assert parse(rule(trigger, action)).rules[trigger] == Rule(action, 0.0)


@pytest.mark.parametrize("trigger", list(Trigger))
def test_delays_may_become_shorter_and_not_longer(trigger):
    row, shipped = ROWS[trigger], SHIPPED.rules[trigger]
    for delay_s in (-1e-9, row.longest_delay_s + 1e-9):
        with pytest.raises(SurefootError, match=rf"{trigger.value}\.delay_s: .* must be within"):
            parse(rule(trigger, shipped.action, delay_s), release=False)
    if shipped.delay_s < row.longest_delay_s:
        longer = rule(trigger, shipped.action, row.longest_delay_s)
        with pytest.raises(SurefootError, match=rf"{trigger.value}\.delay_s: .* at most the shipped .*tighten"):
            parse(longer)
        assert parse(longer, release=False).rules[trigger].delay_s == row.longest_delay_s
    assert parse(rule(trigger, shipped.action, shipped.delay_s)).rules[trigger] == shipped


def test_an_action_milder_than_a_stricter_shipped_one():
    shipped = parse(rule(Trigger.BATTERY_LOW, Action.SETTLE))
    mild = rule(Trigger.BATTERY_LOW, Action.WARN)
    with pytest.raises(SurefootError, match="at least the shipped settle: a release configuration may only tighten"):
        parse_settings(mild, origin="own.yaml", shipped=shipped)
    assert (
        parse_settings(mild, origin="own.yaml", shipped=shipped, release=False).rules[Trigger.BATTERY_LOW].action == 1
    )


@pytest.mark.parametrize("action", ["none", "off", "NONE", "damp ", ""])
def test_no_action_switches_off(action):
    data = {"robot": "go2", "triggers": {"tilt": {"action": action, "delay_s": sourced(0.0)}}}
    with pytest.raises(SurefootError, match=r"triggers\.tilt\.action"):
        parse(data, release=False)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"robot": "go1"}, "robot: 'go1' is not valid: must be 'go2'"),
        ({}, "robot: is missing"),
        ({"robot": "go2", "checks": {}}, "checks: .* this key is unknown"),
        ({"robot": "go2", "body": {"tilt_deg": sourced(0.5)}}, "tilt_deg: .* this key is unknown"),
        ({"robot": "go2", "triggers": {"tilted": {}}}, "tilted: .* this key is unknown"),
        (rule(Trigger.TILT, Action.DAMP) | {"robot": "go2", "body": {"tilt_rad": 0.5}}, "a number with its source"),
        ({"robot": "go2", "sources": {"x": "y"}}, "sources.x: no number refers to this source"),
        ({"robot": "go2", "sources": {"assumption": "y"}}, "sources.assumption: .* absent"),
        (
            {"robot": "go2", "triggers": {"tilt": {"action": "damp", "delay_s": sourced(0.0), "off": True}}},
            "off: .* unknown",
        ),
    ],
)
def test_files_that_are_refused(data, message):
    with pytest.raises(SurefootError, match=message):
        parse(data)


def test_a_source_of_ones_own():
    data = {"robot": "go2", "sources": {"us": "our bench"}, "body": {"tilt_rad": {"value": 0.5, "source": "us"}}}
    assert dict(parse(data).sourced_numbers)["body.tilt_rad"] == "our bench"


@pytest.mark.parametrize(("section", "key"), NUMBERS)
def test_a_shipped_file_lacks_nothing(section, key):
    data = copy.deepcopy(GO2)
    del data[section][key]
    with pytest.raises(SurefootError, match=rf"{section}\.{key}: is missing"):
        parse_settings(data, origin="go2.yaml")


@pytest.mark.parametrize("missing", [*SECTIONS, "triggers", "robot"])
def test_a_shipped_file_lacks_no_section(missing):
    data = copy.deepcopy(GO2)
    del data[missing]
    with pytest.raises(SurefootError, match=rf"go2\.yaml: {missing}: is missing"):
        parse_settings(data, origin="go2.yaml")


@pytest.mark.parametrize("trigger", list(Trigger))
def test_a_shipped_file_lacks_no_trigger(trigger):
    data = copy.deepcopy(GO2)
    del data["triggers"][trigger.value]
    with pytest.raises(SurefootError, match=rf"triggers\.{trigger.value}: is missing"):
        parse_settings(data, origin="go2.yaml")


@pytest.mark.parametrize(
    ("section", "changes", "message"),
    [
        (
            "timing",
            {"state_late_s": 0.05, "state_stale_s": 0.04},
            "timing.state_late_s 0.05 must be at most timing.state",
        ),
        ("timing", {"velocity_silent_s": 0.7}, "timing.velocity_stale_s + velocity_fade_s 0.75 must be at most"),
        (
            "timing",
            {"operator_silent_s": 1.9},
            "timing.velocity_silent_s 2 must be at most timing.operator_silent_s 1.9",
        ),
        ("health", {"motor_hot_c": 69.0}, "health.motor_warm_c 70 must be at most health.motor_hot_c 69"),
        ("health", {"battery_empty_v": 28.5}, "health.battery_empty_v 28.5 must be at most health.battery_low_v 28"),
        (
            "command",
            {"target_from_measured_rad": 0.3, "position_margin_rad": 0.2001},
            "position_margin_rad 0.3001 must be at most command.target_from_measured_rad 0.3",
        ),
        (
            "command",
            {"kp_limit_nm_per_rad": 39.0},
            "hanging.kp_limit_nm_per_rad 40 must be at most command.kp_limit_nm_per_rad 39",
        ),
        ("hanging", {"kd_limit_nms_per_rad": 8.5}, "hanging.kd_limit_nms_per_rad 8.5 must be at most command.kd_limit"),
        (
            "hanging",
            {"target_rate_share": 2.5},
            "hanging.target_rate_share 2.5 must be at most command.target_rate_share 2",
        ),
        ("body", {"tilt_rad": 0.34}, "hanging.tilt_rad 0.35 must be at most body.tilt_rad 0.34"),
        ("hanging", {"gain_mps": 1.8}, "hanging.gain_mps 1.8 must be at most body.shove_mps 1.75"),
    ],
)
def test_numbers_that_contradict_each_other(section, changes, message):
    bent = dataclasses.replace(SHIPPED, **{section: dataclasses.replace(getattr(SHIPPED, section), **changes)})
    (problem,) = contradictions(bent)
    assert message in problem


def test_contradictions_are_refused_at_load():
    with pytest.raises(SurefootError, match=r"own\.yaml: timing\.velocity_silent_s 2 must be at most"):
        parse(own("timing", "operator_silent_s", 1.0))


def test_equal_numbers_do_not_contradict():
    assert list(contradictions(SHIPPED)) == []
    timing = dataclasses.replace(SHIPPED.timing, state_late_s=0.05, velocity_silent_s=0.75)
    assert list(contradictions(dataclasses.replace(SHIPPED, timing=timing))) == []


def test_files(tmp_path: Path):
    path = tmp_path / "own.yaml"
    path.write_text("robot: go2\nbody:\n  tilt_rad: {value: 0.6, source: assumption, note: a mast}\n")
    assert load_settings("go2", path).body.tilt_rad == 0.6
    path.write_text("robot: go2\nbody:\n  tilt_rad: {value: 1.1, source: assumption, note: a mast}\n")
    with pytest.raises(SurefootError, match=r"own\.yaml: body\.tilt_rad: 1\.1 .* at most the shipped 1:"):
        load_settings("go2", path)
    assert load_settings("go2", path, release=False).body.tilt_rad == 1.1


def test_an_unknown_robot():
    with pytest.raises(SurefootError, match="robot 'spot': one of a1, go1, go2") as caught:
        load_settings("spot")
    assert "copy the file of a robot that is like it" in caught.value.hint


class Own:
    """A robot's file of one's own in a folder, with its settings as they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.robot = folder / "rex.yaml"
        self.robot.write_text(SPEC.read_text().replace("name: go2\n", "name: rex\n", 1))
        self.whole = (FOLDER / "go2.yaml").read_text().replace("robot: go2\n", "robot: rex\n", 1)

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.write_text(text)
        return file


SPEC = robot_file("go2")
STRICTER = "robot: rex\nbody:\n  tilt_rad: {value: 0.5, source: assumption, note: a test}\n"
MILDER = STRICTER.replace("0.5", "1.01")


@pytest.fixture
def own_robot(tmp_path):
    return Own(tmp_path)


def test_a_robot_by_name_has_the_shipped_settings(own_robot):
    stricter = own_robot.write("own.yaml", STRICTER.replace("rex", "a1"))
    spec, settings = load_robot_with_settings("a1")
    assert (spec, settings) == (load_robot("a1"), load_settings("a1"))
    assert load_robot_with_settings("a1", stricter)[1].body.tilt_rad == 0.5
    milder = own_robot.write("own.yaml", MILDER.replace("rex", "a1"))
    with pytest.raises(SurefootError, match="may only tighten"):
        load_robot_with_settings("a1", milder)
    assert load_robot_with_settings("a1", milder, release=False)[1].body.tilt_rad == 1.01


def test_a_file_with_the_name_of_a_shipped_robot_has_its_settings(own_robot):
    """A Go2 with a payload, say; it cannot make them milder by a file of its own beside it."""
    copy_of = own_robot.write("heavy.yaml", SPEC.read_text())
    spec, settings = load_robot_with_settings(copy_of)
    assert (spec.origin, settings) == ("heavy.yaml", SHIPPED)
    beside = own_robot.write("heavy.safety.yaml", own_robot.whole)
    with pytest.raises(SurefootError, match=r"heavy\.safety\.yaml: is not needed: .*'go2' are shipped") as caught:
        load_robot_with_settings(str(copy_of))
    assert caught.value.message.startswith(str(beside))
    assert "--settings" in caught.value.hint


def test_settings_beside_a_robots_file_are_its_own(own_robot):
    own_robot.write("rex.safety.yaml", own_robot.whole)
    spec, settings = load_robot_with_settings(own_robot.robot)
    assert (spec.name, settings.robot) == ("rex", "rex")
    assert settings == dataclasses.replace(SHIPPED, robot="rex")


def test_a_further_file_may_only_tighten_those_beside(own_robot):
    own_robot.write("rex.safety.yaml", own_robot.whole)
    stricter = own_robot.write("own.yaml", STRICTER)
    assert load_robot_with_settings(own_robot.robot, stricter)[1].body.tilt_rad == 0.5
    milder = own_robot.write("own.yaml", MILDER)
    with pytest.raises(SurefootError, match="may only tighten"):
        load_robot_with_settings(own_robot.robot, milder)
    assert load_robot_with_settings(own_robot.robot, milder, release=False)[1].body.tilt_rad == 1.01


def test_whole_settings_may_be_given_instead(own_robot):
    given = own_robot.write("given.yaml", own_robot.whole)
    assert load_robot_with_settings(own_robot.robot, given)[1] == dataclasses.replace(SHIPPED, robot="rex")
    parts = own_robot.write("given.yaml", STRICTER)
    with pytest.raises(SurefootError, match=r"given\.yaml: .*missing"):
        load_robot_with_settings(own_robot.robot, parts)


def test_settings_of_another_robot_are_refused(own_robot):
    another = own_robot.write("go2s.yaml", (FOLDER / "go2.yaml").read_text())
    with pytest.raises(SurefootError, match=r"go2s\.yaml: robot is 'go2': must be 'rex'"):
        load_robot_with_settings(own_robot.robot, another)
    another.rename(own_robot.folder / "rex.safety.yaml")
    with pytest.raises(SurefootError, match=r"rex\.safety\.yaml: robot is 'go2': must be 'rex'"):
        load_robot_with_settings(own_robot.robot)


def test_without_settings_it_is_said_where_they_belong(own_robot):
    with pytest.raises(SurefootError, match="there are no safety settings for robot 'rex'") as caught:
        load_robot_with_settings(own_robot.robot)
    assert str(own_robot.folder / "rex.safety.yaml") in caught.value.message
    assert "--settings" in caught.value.hint
