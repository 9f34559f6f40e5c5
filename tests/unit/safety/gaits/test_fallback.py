"""Trot until at rest, crawl where it is told, and back: by hand; and the one way to build all gaits of a robot."""

import pytest
from obedient_robot import Obedient
from safe_robot import ROBOTS, Rig, load_robot_once

from surefoot_robots.errors import SurefootError
from surefoot_safety.command import CommandKind
from surefoot_safety.gaits import Fallback, gaits_of, plan_of
from surefoot_safety.gaits.crawl import SETTLE_S
from surefoot_safety.gaits.fallback import REST_S
from surefoot_safety.mode import Mode, Request

PLAN = plan_of(load_robot_once("go2"))


def test_crawls_once_it_has_rested_and_trots_again():
    one = Obedient(Fallback(PLAN), at=PLAN.standing_rad)
    one.run(REST_S - 0.05, vx=0.1)
    assert not one.gait.crawling
    one.run(0.1, vx=0.1)
    assert one.gait.crawling
    one.run(SETTLE_S + 3.0, vx=0.1)
    assert one.gait.crawling
    one.run(6.0)
    assert not one.gait.crawling
    assert not one.gait.finished
    biggest = max(
        abs(a - b)
        for before, after in zip(one.laws, one.laws[1:], strict=False)
        for a, b in zip(before.position_rad, after.position_rad, strict=True)
    )
    assert biggest < 0.05  # no jump where one hands over to the other


def test_stays_where_it_is_unless_told():
    one = Obedient(Fallback(PLAN), at=PLAN.standing_rad)
    one.run(3.0)
    assert not one.gait.crawling


@pytest.mark.parametrize("robot", ROBOTS)
def test_a_supervisor_stands_crawls_and_sits_by_them(robot):
    rig = Rig(robot, gaits_of(robot))
    rig.tick()
    rig.tick(Request.ARM)
    rig.tick(Request.STAND)
    rig.run(4.0)
    assert rig.mode is Mode.STANDING
    rig.tick(Request.CRAWL)
    rig.run(4.0)
    assert rig.mode is Mode.FALLBACK
    rig.tick(Request.STAND)
    rig.run(1.0)
    assert rig.mode is Mode.STANDING
    rig.tick(Request.SIT)
    out = rig.run(3.0)
    assert rig.mode is Mode.SITTING
    assert out.command.kind is CommandKind.TRACK
    assert out.status.latched == {}


def test_by_name_or_by_spec():
    assert type(gaits_of("go1").fallback) is type(gaits_of(load_robot_once("go1")).fallback) is Fallback
    with pytest.raises(SurefootError):
        gaits_of("nobody")
