"""What `surefoot demo` does around its acts."""

import os
import shutil
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from surefoot import cli
from surefoot.commands import demo
from surefoot.demo import acts
from surefoot_control import ros
from surefoot_robots.errors import SurefootError

OURS = Path(sys.executable).with_name("surefoot")
Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def with_ros(monkeypatch):
    monkeypatch.setattr(ros.importlib.util, "find_spec", lambda _name: True)
    for name in ("ROS_DOMAIN_ID", "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_STATIC_PEERS"):
        monkeypatch.setenv(name, "")  # so that it is put back


@pytest.fixture
def program(monkeypatch):
    """A story of other acts."""

    def told(*plays):
        monkeypatch.setattr(acts, "acts", lambda _quick: tuple(acts.Act(play.__name__, play) for play in plays))

    told()
    return told


@pytest.mark.parametrize("seed", ["-1", "x"])
def test_a_bad_seed_is_refused_before_anything_is_made(tmp_path, capsys, seed):
    assert cli.main(["demo", "--seed", seed, "--out", str(tmp_path / "demo")]) == 2
    printed = capsys.readouterr()
    assert f"argument --seed: {seed} is not a seed" in printed.err
    assert printed.out == ""
    assert not (tmp_path / "demo").exists()


def test_without_ros_nothing_is_begun(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ros.importlib.util, "find_spec", lambda _name: None)
    assert cli.main(["demo", "--out", str(tmp_path / "demo")]) == 2
    assert capsys.readouterr().err.startswith("error: ROS 2 is not installed here")
    assert not (tmp_path / "demo").exists()


def test_each_act_has_a_line_before_and_one_after(tmp_path, capsys, program):
    def juggle(play):
        play.pages.append((play.out / "page.html", "three balls"))
        return f"seed {play.seed}, {'quick' if play.quick else 'slow'}"

    def bow(_play):
        return "thanks"

    program(juggle, bow)
    assert cli.main(["demo", "--quick", "--seed", "3", "--out", str(tmp_path / "demo")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[:4] == [" 1/2  juggle", "       seed 3, quick  (0 s)", " 2/2  bow", "       thanks  (0 s)"]
    assert f"  {tmp_path / 'demo' / 'page.html'}  three balls" in said


def test_it_meets_no_robot_but_its_own(tmp_path, monkeypatch, program):
    monkeypatch.setenv("ROS_DOMAIN_ID", "222")
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
    monkeypatch.setenv("ROS_STATIC_PEERS", "192.168.123.161")
    seen = {}

    def look(_play):
        seen.update(os.environ)
        return ""

    program(look)
    assert cli.main(["demo", "--out", str(tmp_path)]) == 0
    assert 1 <= int(seen["ROS_DOMAIN_ID"]) <= 100
    assert seen["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    assert "ROS_STATIC_PEERS" not in seen


def test_what_fails_ends_the_story_with_one_line(tmp_path, capsys, program):
    def fail(_play):
        raise SurefootError("the curtain is stuck", hint="pull")

    program(fail)
    assert cli.main(["demo", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err == "error: the curtain is stuck\nhint: pull\n"


def test_a_second_one_clears_what_the_first_has_left_and_nothing_else(tmp_path, capsys, program):
    out = tmp_path / "demo"
    for _ in range(2):
        assert cli.main(["demo", "--out", str(out)]) == 0
        assert not (out / "leftover").exists()
        (out / "leftover").touch()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").touch()
    assert cli.main(["demo", "--out", str(mine)]) == 2
    assert "mine is not empty, and not of an earlier demonstration" in capsys.readouterr().err
    assert (mine / "thesis.tex").exists()


def test_a_full_disk_is_said_before_anything_is_begun(tmp_path, capsys, program, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(1e9, 9e8, 1e8))
    assert cli.main(["demo", "--out", str(tmp_path)]) == 2
    line, hint = capsys.readouterr().err.splitlines()
    assert line.endswith("only 100 MB are free on this disk: at least 500 MB are needed")
    assert hint == "hint: free some space, or choose another place with --out"


@pytest.mark.parametrize(("quick", "learns"), [(True, False), (False, True)])
def test_only_the_short_one_takes_the_shipped_policy(quick, learns):
    plays = [act.play for act in acts.acts(quick)]
    assert (acts.train in plays) is learns
    assert [play for play in plays if play in STORY] == STORY


STORY = [
    *(acts.evaluate, acts.verify, acts.start, acts.walk, acts.push, acts.kill_policy, acts.press_estop),
    *(acts.end, acts.identify, acts.report),
]


@pytest.mark.parametrize(
    ("folder", "found", "typed"),
    [
        (OURS.parents[2], None, str(OURS.relative_to(OURS.parents[2]))),
        (Path("/"), "/bin/sh", str(OURS.relative_to("/"))),
        (OURS.parents[2], str(OURS), "surefoot"),
    ],
    ids=["not on the path", "another one on the path", "on the path"],
)
@pytest.mark.usefixtures("program")
def test_what_it_tells_to_type_can_be_typed(capsys, monkeypatch, folder, found, typed):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(shutil, "which", lambda _: found)
    monkeypatch.setattr(demo, "_prepare", lambda _out: None)
    assert cli.main(["demo"]) == 0
    assert f"\n{typed} doctor " in capsys.readouterr().out
