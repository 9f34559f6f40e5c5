"""`surefoot identify` as a user types it."""

import hashlib
import json
import re

import numpy as np
import pytest

from surefoot.cli import main
from surefoot.commands.identify_fit import _show
from surefoot_calibration.air.identify import HeldOut, Identification
from surefoot_calibration.air.parameters import nominal_parameters
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.synthetic import hidden_parameters, synthetic_log
from surefoot_calibration.air.verdicts import ADVICE, Estimate, names_of
from surefoot_calibration.bench.recovery import Recovery, recoveries
from surefoot_calibration.calibration_file import calibration_mapping, load_calibration, write_calibration
from surefoot_calibration.log.csv_file import write_csv
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")


def run(capsys, *words):
    status = main([str(word) for word in words])
    return status, capsys.readouterr()


def test_plan_writes_targets_that_the_check_passed(tmp_path, capsys):
    file = tmp_path / "plan.csv"
    words = ("identify", "plan", "--out", file, "--seconds", 5, "--candidates", 1, "--gains", "25,0.5")
    status, said = run(capsys, *words, "--json")
    told = json.loads(said.out)
    assert (status, told["passed"], told["file"], told["gate"], told["collision"]) == (0, True, str(file), "", "")
    header, *rows = file.read_text().splitlines()
    table = np.loadtxt(rows, delimiter=",")
    names = header.split(",")
    assert names[:2] == ["t", "q_cmd.FL_hip_joint"]
    assert table.shape == (1000, 1 + 3 * 12)
    assert set(table[:, names.index("kd.RR_calf_joint")]) == {0.5}


def test_plan_that_is_refused_writes_nothing(tmp_path, capsys):
    file = tmp_path / "plan.csv"
    words = ("identify", "plan", "--out", file, "--seconds", 5, "--candidates", 1, "--pose", "lying")
    status, said = run(capsys, *words)
    assert status == 1
    assert "nothing was written" in said.out
    assert "NO" in said.out
    assert not file.exists()


def test_wrong_words_are_one_line(tmp_path, capsys):
    status, said = run(capsys, "identify", "plan", "--out", tmp_path / "x.csv", "--candidates", 0)
    assert (status, said.err) == (2, "error: --candidates 0 must be at least 1\n")
    status, said = run(capsys, "identify", "plan", "--out", tmp_path / "x.csv", "--robot", "go9")
    assert status == 2
    assert "robot 'go9' is unknown" in said.err


@pytest.fixture
def log_file(tmp_path):
    plan = make_plan(GO2, PlanOptions(seconds=5.0), random_phases(np.random.default_rng(0)))
    write_csv(tmp_path / "log.csv", synthetic_log(GO2, hidden_parameters(GO2, 5), plan.target_rad, seed=5))
    return tmp_path / "log.csv"


def test_fit_writes_a_calibration_and_says_the_same_as_json(tmp_path, capsys, log_file):
    out = tmp_path / "calibration.yaml"
    words = ("identify", "fit", log_file, "--robot", "go2", "--protocol", "in-air", "--out", out, "--json")
    status, said = run(capsys, *words)
    assert (status, said.err) == (0, "")
    told = json.loads(said.out)
    keys = {"name", "joint", "value", "low", "high", "unit", "verdict"}
    assert all(keys <= set(parameter) for parameter in told["parameters"])
    assert len(told["parameters"]) == 61
    (delay,) = [parameter for parameter in told["parameters"] if parameter["joint"] is None]
    assert delay["name"] == "action_delay_s"
    assert delay["value"] == pytest.approx(hidden_parameters(GO2, 5).action_delay_s, abs=0.0005)
    assert told["held_out_rmse_rad"]["after"] < told["held_out_rmse_rad"]["before"] / 3.0
    assert told["logs"][0]["gains"] == "columns kp, kd of log.csv"
    page = out.with_suffix(".html")
    assert told["report"] == str(page)
    assert page.read_text().count("<svg") == 12 + 4 + 6 + 4 + 1
    written = load_calibration(out)
    assert [one.value for one in written.estimates] == [parameter["value"] for parameter in told["parameters"]]


def test_fit_shows_values_errors_and_what_would_settle_the_rest(capsys, tmp_path):
    known = Estimate("friction_nm", "FL_hip_joint", 0.25, 0.24, 0.26, "Nm", "identified", 0.2, "", "")
    advice = ADVICE["armature_kgm2"]
    tied = "action_delay_s"
    lost = Estimate(
        "armature_kgm2", "FL_hip_joint", 0.0045, 0.0, 0.01, "kg m²", "not_identifiable", 0.0045, tied, advice
    )
    held_out = HeldOut(("FL_hip_joint",), (0.003,), (0.0004,))
    late = Estimate(tied, None, 0.01, 0.0, 0.03, "s", "not_identifiable", 0.01, "armature_kgm2", ADVICE[tied])
    _show(Identification((known, lost, late), held_out, (0.0005,), 100, 2), GO2, [tmp_path / "c.yaml"])
    said = capsys.readouterr().out
    assert "delay and armature are not separable in this log" in said
    rows = [line.split() for line in said.splitlines()]
    assert ["friction_nm", "FL_hip_joint", "0.25", "0.24", "to", "0.26", "Nm", "0.2", "identified"] in rows
    assert ["FL_hip_joint", "3.000", "0.400"] in rows
    assert f"armature_kgm2 (1, not identifiable, not told apart from {tied}) would be settled by {advice}" in said


@pytest.mark.parametrize("option", ["--out", "--report"])
def test_where_a_fit_cannot_write_it_does_not_begin(capsys, tmp_path, option):
    for where, why in ((tmp_path, "is a folder"), (tmp_path / "none" / "c.yaml", "there is no such folder")):
        status, said = run(capsys, "identify", "fit", tmp_path / "unread.csv", option, where)
        assert (status, said.err) == (2, f"error: {where}: {why}\n")


@pytest.mark.parametrize(("after", "status"), [(0.001, 0), (0.00303, 0), (0.0032, 1)])
def test_a_fit_that_predicts_worse_has_failed(capsys, monkeypatch, log_file, after, status):
    known = Estimate("friction_nm", "FL_hip_joint", 0.25, 0.24, 0.26, "Nm", "identified", 0.2, "", "")
    held_out = HeldOut(("FL_hip_joint",), (0.003,), (after,))
    found = Identification((known,), held_out, (0.0005,), 100, 2)
    monkeypatch.setattr("surefoot_calibration.air.identify.identify_in_air", lambda *_: found)
    assert run(capsys, "identify", "fit", log_file, "--json")[0] == status
    ended, said = run(capsys, "identify", "fit", log_file)
    assert ended == status
    assert ("do not train for it" in said.out) is bool(status)


@pytest.fixture(scope="module")
def long_log(tmp_path_factory):
    plan = make_plan(GO2, PlanOptions(seconds=10.0), random_phases(np.random.default_rng(0)))
    file = tmp_path_factory.mktemp("log") / "log.csv"
    write_csv(file, synthetic_log(GO2, hidden_parameters(GO2, 5), plan.target_rad, seed=5))
    return file


@pytest.fixture
def true_calibration(tmp_path):
    """As if the truth of that log's robot had been found, from another log."""
    truth = hidden_parameters(GO2, 5)
    vector = np.append(truth.table.ravel(), truth.action_delay_s)
    found = tuple(
        Estimate(name, joint, value, value, value, "", "identified", 0.0, "", "")
        for (name, joint), value in zip(names_of(GO2), vector.tolist(), strict=True)
    )
    held_out = HeldOut(GO2.joint_names, (0.003,) * 12, (0.0004,) * 12)
    content = calibration_mapping(
        GO2, "in-air", Identification(found, held_out, (0.0005,) * 12, 100, 2), {"made": {}, "logs": [{"sha256": "0"}]}
    )
    write_calibration(tmp_path / "true.yaml", content)
    return tmp_path / "true.yaml"


def test_compare_says_that_the_truth_is_better_than_the_file(tmp_path, capsys, long_log, true_calibration):
    page = tmp_path / "compare.html"
    words = ("identify", "compare", long_log, true_calibration, "--html", page)
    status, said = run(capsys, *words, "--json")
    told = json.loads(said.out)
    assert (status, said.err, told["verdict"], told["windows"]) == (0, "", "better", 5)
    assert told["rmse_rad"]["after"] < 0.2 * told["rmse_rad"]["before"]
    assert [row["joint"] for row in told["joints"]] == list(GO2.joint_names)
    assert page.read_text().count("<svg") == 12 + 4
    status, said = run(capsys, *words)
    assert status == 0
    assert re.search(r"^all +[\d.]+ +[\d.]+ +-\d+ % +better$", said.out, re.MULTILINE)


def test_compare_ends_with_1_if_the_calibration_is_not_better(tmp_path, capsys, true_calibration):
    plan = make_plan(GO2, PlanOptions(seconds=7.0), random_phases(np.random.default_rng(0)))
    write_csv(tmp_path / "own.csv", synthetic_log(GO2, nominal_parameters(GO2), plan.target_rad))
    status, said = run(capsys, "identify", "compare", tmp_path / "own.csv", true_calibration, "--json")
    assert (status, json.loads(said.out)["verdict"]) == (1, "worse")


def test_compare_refuses_what_it_cannot_judge(tmp_path, capsys, long_log, true_calibration):
    content = true_calibration.read_text()
    digest = hashlib.sha256(long_log.read_bytes()).hexdigest()
    (tmp_path / "same.yaml").write_text(content.replace("sha256: '0'", f"sha256: {digest}"))
    lines = long_log.read_text().splitlines()
    (tmp_path / "short.csv").write_text("\n".join(lines[:900]) + "\n")
    for words, message in (
        ((long_log, tmp_path / "same.yaml"), "log.csv: is a log that same.yaml was fitted to"),
        ((tmp_path / "short.csv", true_calibration), "short.csv: has 2 windows of about 2 s: must be at least 3"),
        ((long_log, true_calibration, "--robot", "a1"), "true.yaml was measured on go2"),
        ((long_log, true_calibration, "--html", tmp_path / "no" / "x.html"), "No such file or directory"),
    ):
        status, said = run(capsys, "identify", "compare", *words)
        assert (status, said.out) == (2, "")
        assert message in said.err


def test_a_log_that_is_wrong_is_one_line(tmp_path, capsys):
    (tmp_path / "x.csv").write_text("t,a\n0,1\n")
    status, said = run(capsys, "identify", "fit", tmp_path / "x.csv")
    assert status == 2
    assert said.err.startswith("error: x.csv: 12 of 12 columns q.<joint> of go2 are missing")


def recovered(robot, robots, options, _threads):
    """As if each had been identified with all values 1 % too high, in intervals of 2 % but for the delay's."""
    for seed in range(robots):
        truth = hidden_parameters(robot, seed)
        vector = np.append(truth.table.ravel(), truth.action_delay_s)
        estimates = tuple(
            Estimate(name, joint, 1.01 * value, *sorted((0.99 * value, wide * value)), "", "identified", 0.0, "", "")
            for (name, joint), value, wide in zip(names_of(robot), vector, [1.03] * 60 + [0.995], strict=True)
        )
        held_out = HeldOut(robot.joint_names, (0.003,) * 12, (0.0006,) * 12)
        yield Recovery(
            seed, truth, Identification(estimates, held_out, (0.0005,) * 12, 100, 1), 2.0 + seed, options.seconds
        )


def test_bench_tells_how_far_off_and_how_honest(capsys, monkeypatch):
    monkeypatch.setattr("surefoot_calibration.bench.recovery.recoveries", recovered)
    status, said = run(capsys, "identify", "bench", "--robots", 2, "--seconds", 7, "--json")
    told = json.loads(said.out)
    rows = {row["name"]: row for row in told["parameters"]}
    assert (status, told["robots"], len(rows)) == (0, 2, 6)
    friction = rows["friction_nm"]
    assert (friction["count"], friction["error"], friction["inside"], friction["identified"]) == (
        24,
        "relative",
        1.0,
        1.0,
    )
    assert (friction["median"], friction["most"]) == (pytest.approx(0.01), pytest.approx(0.01))
    delays = [hidden_parameters(GO2, seed).action_delay_s for seed in range(2)]
    assert rows["action_delay_s"]["most"] == pytest.approx(0.01 * max(delays))
    assert rows["action_delay_s"]["inside"] == 0.0
    assert 0.1 < told["file_off"] < 0.5
    assert (told["wall_s"], told["cpu_s"]) == (2.5, 7.0)
    status, said = run(capsys, "identify", "bench", "--robots", 2)
    assert "held-out errors 3.00 → 0.60 mrad; 2.5 s for each" in said.out


def test_the_bench_identifies_hidden_robots_by_the_plan(monkeypatch):
    seen = []

    def looked_at(logs, robot, _told, threads):
        seen.append((logs[0].seconds, robot.name, threads))

    monkeypatch.setattr("surefoot_calibration.bench.recovery.identify_in_air", looked_at)
    done = list(recoveries(GO2, 2, PlanOptions(seconds=5.0), 1))
    assert [(one.seed, one.truth.action_delay_s) for one in done] == [
        (seed, hidden_parameters(GO2, seed).action_delay_s) for seed in (0, 1)
    ]
    assert [(pytest.approx(seconds, abs=0.01), name, threads) for seconds, name, threads in seen] == [
        (4.995, "go2", 1)
    ] * 2
