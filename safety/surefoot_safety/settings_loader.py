"""From a robot's YAML file, and a file of one's own on top of it, to `Settings`.

The shipped file holds every number and every trigger. A file of one's own holds only what differs. In a release
configuration, which is the default, it may make checks stricter: a number may move in its stricter direction only, an
action become more severe, a delay shorter. Without release it may go as far as the bounds of `settings.py` and the
table of `table.py`; no file can switch a check off.

For a robot that none are shipped for there is a whole file of one's own in their place: beside the robot's file, or
given instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot, robot_file
from surefoot_robots.section import OWN_SOURCES, Section, SourceBook
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping
from surefoot_safety.action import Action
from surefoot_safety.bounds import Bounds
from surefoot_safety.settings import SECTIONS, Rule, Settings, bounds_of, contradictions
from surefoot_safety.table import ROWS, Trigger

FOLDER = Path(__file__).parent / "settings_files"
BESIDE = ".safety.yaml"
"""In place of a robot file's own suffix: where its settings are, if none are shipped for a robot of its name."""
ACTION_NAMES = {action.name.lower(): action for action in Action if action > Action.NONE}


def available_settings() -> tuple[str, ...]:
    """The robots that settings are shipped for."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))


def load_robot_with_settings(
    robot: str | Path, own: Path | None = None, *, release: bool = True
) -> tuple[RobotSpec, Settings]:
    """A robot by its name or file, and what may not happen to it."""
    spec = load_robot(robot)
    beside = robot_file(robot).with_suffix(BESIDE)
    if spec.name in available_settings():
        if beside.exists():
            raise SurefootError(
                f"{beside}: is not needed: settings for robot {spec.name!r} are shipped",
                hint="a stricter file is given with --settings; a robot with settings of its own needs another name",
            )
        return spec, load_settings(spec.name, own, release=release)
    if beside.exists():
        whole = _whole(beside, spec.name)
        return spec, whole if own is None else _on_top(own, whole, release=release)
    if own is not None:
        return spec, _whole(own, spec.name)
    raise SurefootError(
        f"there are no safety settings for robot {spec.name!r}: none are shipped, and there is no {beside}",
        hint="write them: copy the file of a robot that is like it to there, or name it with --settings, and check "
        "every number",
    )


def load_settings(robot: str, own: Path | None = None, *, release: bool = True) -> Settings:
    """The settings shipped for a robot, with a file of one's own on top."""
    if robot not in available_settings():
        raise SurefootError(
            f"there are no safety settings for robot {robot!r}: one of {', '.join(available_settings())}",
            hint="write them: copy the file of a robot that is like it, and check every number",
        )
    shipped = _whole(FOLDER / f"{robot}.yaml", robot)
    return shipped if own is None else _on_top(own, shipped, release=release)


def _whole(file: Path, robot: str) -> Settings:
    settings = parse_settings(read_mapping(file), origin=file.name)
    if settings.robot != robot:
        raise SurefootError(f"{file.name}: robot is {settings.robot!r}: must be {robot!r}, whose settings these are")
    return settings


def _on_top(own: Path, whole: Settings, *, release: bool) -> Settings:
    return parse_settings(read_mapping(own), origin=own.name, shipped=whole, release=release)


def parse_settings(
    data: dict[str, Any], *, origin: str, shipped: Settings | None = None, release: bool = True
) -> Settings:
    """The settings that a file's mapping describes; with `shipped`, it holds only what differs from those."""
    book = SourceBook(_source_table(data, origin))
    root = Section({key: value for key, value in data.items() if key != "sources"}, file=origin, path="", book=book)
    robot = root.text("robot")
    if shipped is not None and robot != shipped.robot:
        raise root.error("robot", robot, f"{shipped.robot!r}, the robot whose settings it changes")
    sections: dict[str, Any] = {
        name: section_type(**_numbers(root, name, None if shipped is None else getattr(shipped, name), release))
        for name, section_type in SECTIONS.items()
    }
    rules = _rules(root, None if shipped is None else shipped.rules, release)
    root.done()
    if book.unused:
        raise SurefootError(f"{origin}: sources.{min(book.unused)}: no number refers to this source: remove it")
    sources = ({} if shipped is None else dict(shipped.sourced_numbers)) | book.by_number
    settings = Settings(robot=robot, rules=MappingProxyType(rules), sourced_numbers=tuple(sources.items()), **sections)
    for problem in contradictions(settings):
        raise SurefootError(f"{origin}: {problem}")
    return settings


def _source_table(data: dict[str, Any], origin: str) -> dict[str, str]:
    if "sources" not in data:
        return {}
    table = Section(data, file=origin, path="", book=SourceBook({})).section("sources")
    texts = {key: table.text(key) for key in table.keys_left()}
    for key in OWN_SOURCES:
        if key in texts:
            raise table.error(key, texts[key], "absent, this source explains itself by a note at the number")
    return texts


def _numbers(root: Section, name: str, shipped: object | None, release: bool) -> dict[str, float]:
    """All numbers of one section."""
    bounds = bounds_of(name)
    if shipped is not None and name not in root.keys_left():
        return {key: getattr(shipped, key) for key in bounds}
    section = root.section(name)
    numbers = {}
    for key, allowed in bounds.items():
        if shipped is not None and key not in section.keys_left():
            numbers[key] = getattr(shipped, key)
            continue
        numbers[key] = section.number(key)
        _check_number(section, key, numbers[key], allowed)
        if shipped is not None and release:
            _check_tightened(section, key, numbers[key], getattr(shipped, key), allowed)
    section.done()
    return numbers


def _check_number(section: Section, key: str, value: float, allowed: Bounds) -> None:
    if not allowed.contain(value):
        raise section.error(key, value, f"within {allowed.low:g} to {allowed.high:g}")


def _check_tightened(section: Section, key: str, value: float, shipped: float, allowed: Bounds) -> None:
    if not allowed.at_least_as_strict(value, shipped):
        ways = {"lower": "at most", "higher": "at least", "neither": "exactly"}
        valid = f"{ways[allowed.stricter.value]} the shipped {shipped:g}: a release configuration may only tighten"
        raise section.error(key, value, valid)


def _rules(root: Section, shipped: Mapping[Trigger, Rule] | None, release: bool) -> dict[Trigger, Rule]:
    if shipped is not None and "triggers" not in root.keys_left():
        return dict(shipped)
    section = root.section("triggers")
    rules = {}
    for trigger in Trigger:
        if shipped is not None and trigger.value not in section.keys_left():
            rules[trigger] = shipped[trigger]
            continue
        rule = _rule(section, trigger)
        if shipped is not None and release:
            _check_rule_tightened(section, trigger, rule, shipped[trigger])
        rules[trigger] = rule
    section.done()
    return rules


def _rule(section: Section, trigger: Trigger) -> Rule:
    entry = section.section(trigger.value)
    row, name = ROWS[trigger], entry.text("action")
    severe_enough = [word for word, action in ACTION_NAMES.items() if action >= row.least_action]
    if name not in severe_enough:
        raise entry.error("action", name, f"one of {', '.join(severe_enough)}")
    delay_s = entry.number("delay_s")
    if not 0.0 <= delay_s <= row.longest_delay_s:
        raise entry.error("delay_s", delay_s, f"within 0 to {row.longest_delay_s:g}")
    entry.done()
    return Rule(ACTION_NAMES[name], delay_s)


def _check_rule_tightened(section: Section, trigger: Trigger, rule: Rule, shipped: Rule) -> None:
    if rule.action < shipped.action:
        valid = f"at least the shipped {shipped.action.name.lower()}: a release configuration may only tighten"
        raise section.error(f"{trigger.value}.action", rule.action.name.lower(), valid)
    if rule.delay_s > shipped.delay_s:
        valid = f"at most the shipped {shipped.delay_s:g}: a release configuration may only tighten"
        raise section.error(f"{trigger.value}.delay_s", rule.delay_s, valid)
