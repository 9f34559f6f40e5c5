"""Export, evaluation and play of a policy file as a user meets them, on a tiny run."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import yaml
from untrained import SEEING, source

from surefoot.cli import main
from surefoot_policy.export import export
from surefoot_policy.runtime import Policy
from surefoot_robots.loader import load_robot
from surefoot_training.evaluate.candidate import find_candidate, judging_task
from surefoot_training.evaluate.evaluation import evaluate
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.checkpoint import read_checkpoint
from surefoot_training.run.folder import RunFolder
from surefoot_training.task.tasks import make_environment

TRAIN = ("velocity-flat", "--robots", "8", "--threads", "1", "--steps", "256", "--seed", "3")
SMALL = ("agent.hidden=16", "agent.critic_hidden=16", "ppo.steps=16", "ppo.minibatches=2")
TINY = replace(Protocol(), tracking_robots=4, tracking_s=1.0)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "tiny"
    assert main(["train", *TRAIN, "--out", str(folder), "--set", *SMALL]) == 0
    return folder


def test_training_ends_with_a_file(run):
    contract = Policy.load(run / "policy.onnx", load_robot("go2")).contract
    checkpoint = read_checkpoint(run / "last.pt")
    (session,) = yaml.safe_load(RunFolder(run).provenance.read_text())["sessions"]
    origin = contract.trained_with
    assert (origin.task, origin.algorithm, origin.seed, origin.steps) == ("velocity-flat", "ppo+cenet", 3, 256)
    assert origin.config_sha256 == checkpoint.config_sha256
    assert origin.created == session["started"]
    assert origin.git.startswith(session["git_revision"] or "unknown")
    assert origin.simulator == f"mujoco {session['packages']['mujoco']}"


def test_the_command_writes_the_very_file_again(run, tmp_path, capsys):
    file = tmp_path / "again.onnx"
    assert main(["export", str(run), "-o", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert file.read_bytes() == (run / "policy.onnx").read_bytes()
    assert said["parity"]["ticks_each_way"] >= 1000
    worst = max(said["parity"]["module_drives_rad"], said["parity"]["export_drives_rad"], said["golden"]["error_rad"])
    assert worst <= said["parity"]["tolerance_rad"] == 1e-4
    assert said["sha256"] == Policy.load(file, None).contract.sha256
    assert said["bytes"] == file.stat().st_size


def test_a_checkpoint_alone_says_when_it_was_written(run, tmp_path, capsys):
    shutil.copy(run / "last.pt", tmp_path / "walks.pt")
    os.utime(tmp_path / "walks.pt", (1.8e9, 1.8e9))
    assert main(["export", str(tmp_path / "walks.pt"), "--format", "torchscript"]) == 0
    assert f"{tmp_path / 'walks.ts'}: " in capsys.readouterr().out
    from surefoot_policy.export_torchscript import read_torchscript

    _, contract = read_torchscript((tmp_path / "walks.ts").read_bytes())
    assert (contract.trained_with.created, contract.trained_with.git) == ("2027-01-15T08:00:00+00:00", "unknown")


@pytest.mark.parametrize("record", ["x: 1", "sessions: []", "sessions: [{}]", "sessions: [3]", "sessions: go2"])
def test_a_damaged_record_of_sessions_is_told(record, run, tmp_path, capsys):
    for name in ("last.pt", "config.yaml"):
        shutil.copy(run / name, tmp_path / name)
    (tmp_path / "provenance.yaml").write_text(record)
    assert main(["export", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / 'provenance.yaml'}: `sessions` is " in said
    assert "bring the file back" in said


def test_what_has_no_policy_is_told(tmp_path, capsys):
    assert main(["export", str(tmp_path)]) == 2
    assert "has no checkpoint" in capsys.readouterr().err


def test_an_oracle_is_trained_and_not_exported(tmp_path, capsys):
    words = ["train", *TRAIN, "--out", str(tmp_path / "run"), "--set", *SMALL, "agent.actor=cenet"]
    assert main([*words, "agent.estimator=oracle"]) == 0
    said = capsys.readouterr()
    assert "not exported: an agent that is told its true velocity cannot run on a robot" in said.err
    assert "trained 256 steps" in said.out
    assert not (tmp_path / "run" / "policy.onnx").exists()


# Judged like all others


def test_a_file_is_judged_as_its_run_is(run):
    figures = []
    for path in (run, run / "policy.onnx"):
        candidate = find_candidate(str(path))
        assert (candidate.robot, candidate.task.name) == ("go2", "velocity-flat")
        found = evaluate(candidate, TINY, ("tracking",), task=judging_task(candidate), threads=1)
        assert found.tracking is not None
        figures.append(asdict(found.tracking.figures))
    of_run, of_file = figures
    assert of_run["estimate_error_mean_mps"] is not None
    assert of_file.keys() == of_run.keys()
    for name, value in of_run.items():
        assert of_file[name] == (value if value is None else pytest.approx(value, rel=1e-3, abs=1e-3)), name


def test_a_file_sees_what_its_contract_says(tmp_path):
    file = tmp_path / "seeing.onnx"
    export(source("mlp", SEEING), file, ticks=8)
    candidate = find_candidate(str(file))
    assert candidate.task.name == "velocity-flat"
    assert [term.size for term in candidate.task.observation] == [3, 3, 3, 12, 12, 15, 1]
    environment = make_environment(judging_task(candidate), 2, threads=1)
    walker = candidate.make(environment.task, load_robot("go2"), 2)
    for _ in range(3):
        environment.step(walker.joint_targets(environment.observations.policy))
    assert walker.estimated_velocity() is None


def test_a_file_for_another_robot_is_refused(run, capsys):
    words = ["evaluate", str(run / "policy.onnx"), "--robot", "a1", "--quick", "--axes", "tracking"]
    assert main(words) == 2
    assert "policy.onnx: contract.robot: found 'go2', expected 'a1'" in capsys.readouterr().err


def test_a_file_can_be_watched(run, tmp_path, capsys):
    film = tmp_path / "walk.png"
    assert main(["play", str(run / "policy.onnx"), "--seconds", "0.2", "-o", str(film)]) == 0
    assert film.read_bytes().startswith(b"\x89PNG")
