"""What `surefoot demo` says around what it does."""

import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from surefoot import cli
from surefoot.commands import demo

OURS = Path(sys.executable).with_name("surefoot")


@pytest.fixture
def nothing_to_do(monkeypatch):
    """A tour without its acts."""
    for act in ("_show_robots", "_draw_terrain", "_draw_robots"):
        monkeypatch.setattr(demo, act, lambda *_: None)
    monkeypatch.setattr(demo, "_walk", lambda *_: (None, None))
    monkeypatch.setattr(demo, "_is_repeatable", lambda _: True)


@pytest.mark.parametrize("seed", ["-1", "x"])
def test_a_bad_seed_is_refused_before_anything_is_made(tmp_path, capsys, seed):
    assert cli.main(["demo", "--seed", seed, "--out", str(tmp_path / "demo")]) == 2
    printed = capsys.readouterr()
    assert f"argument --seed: {seed} is not a seed" in printed.err
    assert printed.out == ""
    assert not (tmp_path / "demo").exists()


def test_what_blows_up_is_kept_and_named(tmp_path, capsys, monkeypatch):
    folders = []

    def walk(*_, dump_folder, **__):
        folders.append(dump_folder)
        return SimpleNamespace(mean_speed_mps=0.5, falls=2, blow_ups=1, control_steps_per_s=1e4, trace=None), None

    monkeypatch.setattr("surefoot_training.demo.walk.walk", walk)
    monkeypatch.setattr("surefoot_training.demo.charts.draw_trace", lambda *_: None)
    demo._walk(8, 1.0, 0, tmp_path)
    assert folders == [tmp_path / "blow-ups" / "as-specified", tmp_path / "blow-ups" / "randomized"]
    assert f"Their last moments are in {tmp_path / 'blow-ups'}: " in capsys.readouterr().out


@pytest.mark.usefixtures("nothing_to_do")
def test_runs_that_differ_are_a_failed_check(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(demo, "_is_repeatable", lambda _: False)
    assert cli.main(["demo", "--out", str(tmp_path)]) == 1
    assert "error: two runs with one seed differ\nhint: " in capsys.readouterr().err


@pytest.mark.usefixtures("nothing_to_do")
@pytest.mark.parametrize(
    ("folder", "found", "typed"),
    [
        (OURS.parents[2], None, str(OURS.relative_to(OURS.parents[2]))),
        (Path("/"), "/bin/sh", str(OURS.relative_to("/"))),
        (OURS.parents[2], str(OURS), "surefoot"),
    ],
    ids=["not on the path", "another one on the path", "on the path"],
)
def test_what_it_tells_to_type_can_be_typed(capsys, monkeypatch, folder, found, typed):
    monkeypatch.chdir(folder)
    monkeypatch.setattr(shutil, "which", lambda _: found)
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    assert cli.main(["demo"]) == 0
    assert f"\n{typed} task velocity-rough " in capsys.readouterr().out
