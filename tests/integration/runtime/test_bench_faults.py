"""A handful of the campaign's cells, on real processes. How soon safety comes is for the bench to judge."""

import argparse
import json

import pytest
from real_processes import MILD

from surefoot.cli import main
from surefoot.commands.bench_faults import origin
from surefoot.faults.campaign import Campaign, row_of
from surefoot.faults.judging import Verdict
from surefoot.faults.kinds import cells
from surefoot.faults.soak import Choice, soaked
from surefoot.faults.soak_result import result_of
from surefoot.faults.table import FAULTS
from surefoot.faults.trial import Trial

CELLS = ["supervisor killed, standing", "IMU NaN, standing", "policy nan, walking 0.3 m/s"]


@pytest.fixture
def mild(tmp_path):
    file = tmp_path / "mild.yaml"
    file.write_text(MILD)
    return file


@pytest.mark.slow  # real processes in real time
def test_faults_lead_to_what_must_follow_and_the_robot_stands_again(mild, tmp_path, capsys):
    out = tmp_path / "rows.json"
    words = ["bench", "faults", "--seeds", "1", "--settings", str(mild), "--no-times", "--out", str(out), "--json"]
    words += [word for name in CELLS for word in ("--only", name)]
    status = main(words)
    told = json.loads(capsys.readouterr().out)
    assert told["bars_missed"] == []
    assert status == 0
    rows = {row["row"]: row for row in told["rows"]}
    assert set(rows) == set(CELLS)
    for row in told["rows"]:
        assert (row["trials"], row["right"], row["recovered"]) == (1, 1, 1), row
        assert row["link_ticks"] > 100
        assert (row["left_behind"], row["lifted"]) == ([], 0)
        assert row["joints"]["torque_share"] <= 1.0
    assert (told["commands_beyond_limits"], told["unlatched_stops"]) == (0, 0)
    assert "policy_bad" in next(iter(rows[CELLS[2]]["happened"]))
    kept = json.loads(out.read_text())
    assert kept["rows"] == told["rows"]

    assert main([*words, "--resume"]) == 0  # nothing is left to do
    assert json.loads(capsys.readouterr().out)["rows"] == told["rows"]
    assert json.loads(out.read_text()) == kept


def test_what_would_be_done_is_shown(capsys):
    assert main(["bench", "faults", "--list", "--only", "policy killed, walking 0.8", "--json"]) == 0
    (cell,) = json.loads(capsys.readouterr().out)["cells"]
    assert (cell["fault"], cell["state"], cell["must"]) == ("policy killed", "walking 0.8 m/s", "fallback")
    assert (cell["within ms"], cell["because of one of"]) == ("106", ["policy_bad", "policy_late", "policy_silent"])


def test_what_cannot_be_done_is_refused(capsys, tmp_path):
    assert main(["bench", "faults", "--only", "earthquake"]) == 2
    assert "no row has 'earthquake' in it" in capsys.readouterr().err
    other = tmp_path / "other.json"
    other.write_text("[]")
    assert main(["bench", "faults", "--out", str(other)]) == 2
    assert "other.json is there already" in capsys.readouterr().err
    assert other.read_text() == "[]"
    assert main(["bench", "faults", "--out", str(other), "--resume"]) == 2
    assert "holds no results to go on from" in capsys.readouterr().err


def of_another(tmp_path, **differing):
    """A file of results with other origins than now."""
    asked = argparse.Namespace(policy="go2-velocity-flat", settings=None, seeds=20, no_times=False)
    file = tmp_path / "rows.json"
    file.write_text(json.dumps({**origin(asked), "rows": [], **differing}))
    return ["bench", "faults", "--out", str(file), "--resume"]


@pytest.mark.parametrize(
    "differing",
    [
        {"policy": "x"},
        {"policy_sha256": "0"},
        {"settings_sha256": "0"},
        {"seeds": 3},
        {"git_revision": "0"},
        {"git_dirty": "no"},
        {"times_judged": False},
    ],
)
def test_results_of_another_origin_are_not_mixed_in(tmp_path, capsys, differing):
    ((key, value),) = differing.items()
    assert main(of_another(tmp_path, **differing)) == 2
    assert f"rows.json is of {key} {value}, now " in capsys.readouterr().err


def test_rows_that_were_not_chosen_are_kept_and_do_not_count(tmp_path, monkeypatch, capsys):
    cell, other = (cells(FAULTS, [name])[0] for name in ("IMU NaN, standing", "IMU NaN, settling"))
    good = Trial(Verdict(True, "", 0.02, 0, 9, unlatched=False, fell=False), True, False, "")
    bad = Trial(Verdict(False, "", 0.02, 0, 9, unlatched=False, fell=False), True, False, "")
    before = row_of(other, [bad], 0.02)
    made = row_of(cell, [good], 0.02)
    monkeypatch.setattr(Campaign, "row", lambda *_: made)
    words = of_another(tmp_path, rows=[before])
    assert main([*words, "--only", cell.name, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [row["row"] for row in told["rows"]] == [cell.name]
    kept = json.loads((tmp_path / "rows.json").read_text())
    assert [row["row"] for row in kept["rows"]] == [other.name, cell.name]
    assert [file.name for file in tmp_path.iterdir()] == ["rows.json"]


def test_people_are_told_what_was_lifted_tried_again_and_is_to_be_known(monkeypatch, capsys):
    (cell,) = cells(FAULTS, ["link killed, standing"])
    good = Trial(Verdict(True, "stopped", 0.05, 0, 9, unlatched=False, fell=False), True, True, "a flood")
    monkeypatch.setattr(Campaign, "row", lambda *_: row_of(cell, [good], 0.05) | {"again": {"a gap": 2}})
    assert main(["bench", "faults", "--only", cell.name]) == 0
    told = capsys.readouterr().out
    assert "reset  lifted" in told
    assert "link killed, standing: a flood\n" in told
    assert "link killed, standing: tried again, a gap (2 times)\n" in told
    assert "link killed: the simulated robot lives in the link" in told


def test_without_ros_its_rows_are_skipped_and_that_is_said(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    assert main(["bench", "faults", "--only", "recorder killed, standing", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == []
    assert "there is no rclpy" in told["skipped"]["recorder killed, standing"]


@pytest.mark.slow  # real processes in real time
def test_a_short_soak(mild):
    """Without ROS, and too short to say anything about growth."""
    found = soaked(Choice(5.0, has_ros=False, settings=mild), lambda _: None)
    told = result_of(found)
    assert told["seconds"] >= 5.0
    assert told["commands"] >= 1
    assert told["commands_beyond_limits"] == 0
    assert set(told["memory_mib"]) == {"supervisor", "link", "surefoot up", "policy"}
    assert all(mib["end"] > 1.0 for mib in told["memory_mib"].values())
    assert told["overruns"]["supervisor"]["ticks"] > 100
    assert (told["restarted"], told["ticks_lost"], told["left_behind"], told["ended"]) == ([], 0, [], "")
    assert told["log"] is None


def test_a_soak_without_time_is_refused(capsys):
    assert main(["bench", "soak", "--minutes", "0"]) == 2
    assert "is not a positive number" in capsys.readouterr().err
