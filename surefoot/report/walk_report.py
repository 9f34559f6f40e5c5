"""The page of a recording."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from surefoot.report.page import Section, Tile, page, table
from surefoot.report.strip import draw_strip
from surefoot.report.walk_log import WalkLog, read_walk
from surefoot.report.walk_pictures import speed_error_mps, tilt_rad, walk_pictures
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.settings import Settings

MOST_EVENTS = 200


def walk_page(path: Path, robot: RobotSpec, settings: Settings) -> str:
    """From an MCAP file."""
    log = read_walk(path)
    limit_rad = settings.body.tilt_rad
    sections = [_strip(log, robot)]
    sections += [Section(each.title, each.caption, each.svg) for each in walk_pictures(log, robot, limit_rad)]
    sections.insert(2, _events(log))
    if log.missing:
        what = "These topics are not in the recording, and what depends on them is not shown."
        sections.append(Section("Not recorded", what, table(["topic"], [[name] for name in log.missing])))
    if log.cut_off:
        sections.insert(0, Section("Not the whole recording", f"{log.cut_off}. What is whole is shown.", ""))
    began = datetime.fromtimestamp(log.start_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return page(
        f"{robot.name}: {path.name}",
        f"{log.duration_s:.0f} s from {began}",
        _tiles(log),
        sections,
        "Made by `surefoot report`. Times are the recorder's; speeds are what the policy believes and the gyro says, "
        "not what an outside observer would measure.",
    )


def _tiles(log: WalkLog) -> list[Tile]:
    walked = sum(each.to_s - each.from_s for each in log.modes if each.mode == "walking")
    stops = sum(each.mode == "stopped" for each in log.modes)
    tiles = [Tile(f"{log.duration_s:.0f} s", "recorded"), Tile(f"{walked:.0f} s", "walking")]
    error = speed_error_mps(log)
    if error is not None:
        tiles.append(Tile(f"{error:.2f} m/s", "off the command"))
    if log.orientation_wxyz.is_there:
        tiles.append(Tile(f"{np.degrees(tilt_rad(log).max()):.0f}°", "greatest tilt"))
    return [*tiles, Tile(str(len(log.events)), "triggers"), Tile(str(stops), "stops")]


def _strip(log: WalkLog, robot: RobotSpec) -> Section:
    try:
        picture, moments = draw_strip(log, robot)
    except (SurefootError, ImportError) as error:
        why = error.message if isinstance(error, SurefootError) else f"needs surefoot[train]: {error}"
        return Section("The robot", f"Not drawn: {why}.", "")
    said = ", ".join(f"{moment:.0f} s" for moment in moments)
    return Section("The robot", f"At {said}.", f'<img alt="the robot at {said}" src="{picture}">')


def _events(log: WalkLog) -> Section:
    rows = [(f"{event.time_s:.1f}", event.trigger, event.reason) for event in log.events[:MOST_EVENTS]]
    left_out = f" The first {MOST_EVENTS} of {len(log.events)}." if len(log.events) > MOST_EVENTS else ""
    caption = f"Everything that the supervisor noticed, and why.{left_out}"
    return Section("Triggers", caption, table(["at, s", "trigger", "because"], rows))
