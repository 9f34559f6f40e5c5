"""`surefoot bench hang`, with trials that cost nothing: what it counts, and when it fails."""

import json
from dataclasses import replace

import pytest

from surefoot.cli import main
from surefoot.identifying.trials import Outcome, Place

FELT = "the supervisor ended it, the robot is stopped: leg_loaded: FL_calf_joint takes 1.8 Nm"
PLAYED = Outcome("go2", Place.HUNG, 0, True, True, "", 10.0, 0.0, 0, 0.0)
TANGLED = replace(PLAYED, followed=False, why=FELT, hung_s=0.6, met_s=0.5)
LIES = Outcome("go2", Place.LYING, 0, False, False, FELT, 0.5, 0.001, 0, 0.0)
REFUSED = replace(LIES, why="hang is refused: foot_contact (FL touching)", hung_s=0.0)


def test_who_is_right():
    assert [one.right for one in (PLAYED, TANGLED, LIES, REFUSED)] == [True] * 4
    assert [one.is_tangled for one in (PLAYED, TANGLED, LIES, REFUSED)] == [False, True, False, False]
    assert not replace(TANGLED, met_s=0.1).right
    assert not replace(LIES, followed=True).right
    assert not replace(LIES, rose_m=0.02).right
    assert [one.reason for one in (PLAYED, LIES, REFUSED)] == ["", "leg_loaded", "foot_contact"]
    tilted = replace(LIES, why="hang is refused: trunk_moves (the trunk is tilted by 0.42 rad > 0.35 rad)")
    assert tilted.reason == "trunk_moves"


def told(monkeypatch, capsys, *outcomes):
    monkeypatch.setattr("surefoot.identifying.trials.trials", lambda *_: iter(outcomes))
    status = main(["bench", "hang", "--robots", "2", "--json"])
    return status, json.loads(capsys.readouterr().out)


def some(place, *outcomes):
    return [replace(one, place=place) for one in outcomes]


OTHERS = [one for place in list(Place)[2:] for one in some(place, LIES)]


def test_what_is_counted(monkeypatch, capsys):
    status, found = told(monkeypatch, capsys, PLAYED, TANGLED, LIES, REFUSED, *OTHERS)
    assert status == 0
    assert found["wrong"] == []
    hung, lying = found["rows"][:2]
    assert (hung["place"], hung["robots"], hung["measured"], hung["tangled"]) == ("in the air", 2, 1, 1)
    assert (lying["measured"], lying["refused"], lying["longest_s"]) == (0, 1, 0.5)
    assert lying["most_risen_mm"] == pytest.approx(1.0)
    assert lying["ended_by"] == {"leg_loaded": 1, "foot_contact": 1}


def test_who_rises_is_told(monkeypatch, capsys):
    status, found = told(monkeypatch, capsys, PLAYED, replace(LIES, rose_m=0.05), *OTHERS)
    assert status == 1
    assert [one["rose_m"] for one in found["wrong"]] == [0.05]


def test_the_table(monkeypatch, capsys):
    monkeypatch.setattr("surefoot.identifying.trials.trials", lambda *_: iter([PLAYED, LIES, *OTHERS]))
    assert main(["bench", "hang"]) == 0
    assert "leg_loaded 1" in capsys.readouterr().out
