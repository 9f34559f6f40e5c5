"""From a calibration to a policy that says so: trained, exported, inspected, verified, examined."""

import json
from pathlib import Path

import pytest
from measured import DELAY, armature, write

from surefoot.cli import main
from surefoot_policy.checks import inspect_candidate
from surefoot_training.run.config import load_config

SMALL = ("agent.hidden=16", "agent.critic_hidden=16", "ppo.steps=16", "ppo.minibatches=2")
NEW = ("velocity-flat", "--robots", "8", "--threads", "1", "--steps", "256", "--set", *SMALL)


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("measured") / "mine.yaml", armature(), DELAY)


@pytest.fixture(scope="module")
def other(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("measured") / "other.yaml", armature(0.0051), DELAY)


@pytest.fixture(scope="module")
def run(file, tmp_path_factory) -> Path:
    """Two iterations, and the export."""
    folder = tmp_path_factory.mktemp("calibrated") / "run"
    assert main(["train", *NEW, "--calibration", str(file), "--safety-factor", "3", "--out", str(folder)]) == 0
    return folder


def test_the_run_keeps_the_file_and_the_policy_names_it(run, file, capsys):
    assert (run / "calibration.yaml").read_bytes() == file.read_bytes()
    kept = load_config(run / "config.yaml").calibration
    contract = inspect_candidate(run / "policy.onnx").known_contract
    assert (contract.trained_with.calibration.name, contract.trained_with.calibration.sha256) == (
        "mine.yaml",
        kept.sha256,
    )
    assert kept.safety_factor == 3.0
    assert main(["inspect", str(run / "policy.onnx")]) == 0
    assert f"mine.yaml (sha256 {kept.sha256[:12]})" in capsys.readouterr().out
    assert "calibrated by mine.yaml" in (run / "train.log").read_text()


def test_verify_compares_it(run, file, other, capsys):
    policy = str(run / "policy.onnx")
    assert main(["verify", policy, "--calibration", str(file)]) == 0
    assert main(["verify", policy]) == 0
    assert "it has one: name that of the robot at hand" in capsys.readouterr().out
    assert main(["verify", policy, "--calibration", str(other), "--json"]) == 1
    (failure,) = json.loads(capsys.readouterr().out)["failures"]
    assert failure["field"] == "contract.trained_with.calibration"
    assert "other.yaml" in failure["expected"]
    assert main(["verify", policy, "--robot", "a1", "--calibration", str(file)]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--calibration", "OTHER"], "not other.yaml (sha256"),
        (["--safety-factor", "3"], "--safety-factor goes with a new run"),
    ],
)
def test_a_run_goes_on_with_its_own_only(run, other, words, told, capsys):
    given = [str(other) if word == "OTHER" else word for word in words]
    assert main(["train", "--resume", "--out", str(run), "--steps", "384", *given]) == 2
    assert told in capsys.readouterr().err


def test_it_goes_on_with_the_same(run, file, capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("surefoot.commands.train._export", lambda folder: None)  # once is enough
    again = tmp_path / "renamed.yaml"
    again.write_bytes(file.read_bytes())
    assert main(["train", "--resume", "--out", str(run), "--steps", "384", "--calibration", str(again)]) == 0
    assert "resumed after iteration 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--robot", "a1"], "mine.yaml was measured on go2"),
        (["--safety-factor", "0.5"], "safety factor 0.5"),
        (["--set", "task.randomization.armature_scale=0,1"], "would have no effect"),
    ],
)
def test_what_cannot_be_trained(file, words, told, capsys, tmp_path):
    out = tmp_path / "run"
    assert main(["train", "velocity-flat", "--calibration", str(file), "--out", str(out), *words]) == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_a_factor_without_a_calibration(capsys):
    assert main(["train", "velocity-flat", "--safety-factor", "2"]) == 2
    assert "use it with --calibration" in capsys.readouterr().err


def test_the_table_before_and_after(file, capsys):
    assert main(["task", "velocity-flat", "--calibration", str(file)]) == 0
    lines = capsys.readouterr().out.splitlines()
    (hip,) = (line.split() for line in lines if line.startswith("armature_kgm2"))
    # 4.48e-3 ± 50 % becomes 5e-3 − 2e-4 to 5e-3 + 4e-4, 13 % of it.
    assert (
        " ".join(hip) == "armature_kgm2 FL_hip_joint identified 0.00448 0.00224 to 0.00672 0.005 0.0048 to 0.0054 13 %"
    )
    assert any(line.startswith("action_delay_s") and "0.0067 to 0.0129" in line for line in lines)
    assert main(["task", "velocity-flat", "--calibration", str(file), "--safety-factor", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["calibration"]["name"], told["safety_factor"]) == ("mine.yaml", 1.0)
    assert told["parameters"][0]["range"] == pytest.approx([0.0049, 0.0052])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["velocity-flat", "--calibration", "FILE", "--robot", "a1"], "was measured on go2"),
        (["velocity-flat", "--calibration", "FILE", "--only", "rewards"], "--only chooses sections"),
        (["velocity-flat", "--robot", "go2"], "use it with --calibration"),
        (["list", "--calibration", "FILE"], "`surefoot task list` takes no --calibration"),
    ],
)
def test_what_the_table_cannot_show(file, words, told, capsys):
    assert main(["task", *(str(file) if word == "FILE" else word for word in words)]) == 2
    assert told in capsys.readouterr().err


GLIMPSE = ("--axes", "starts", "--quick", "--episodes", "2", "--threads", "1", "--json", "-")


def test_examined_as_measured_and_as_it_is_in_truth(file, tmp_path, capsys):
    world = tmp_path / "hidden.yaml"
    world.write_text("truth: {base_mass_kg: 9.0, motor_strength: 0.8}\n")
    bodies = []
    for words in ((), ("--calibration", str(file)), ("--world", str(world))):
        assert main(["evaluate", "stand", *GLIMPSE, *words]) == 0
        bodies.append(json.loads(capsys.readouterr().out)["body"])
    assert bodies[0] is None
    assert bodies[1].startswith("mine.yaml (sha256 ")
    assert bodies[2] == "hidden.yaml"
    assert main(["evaluate", "stand", *GLIMPSE, "--calibration", str(file), "--world", str(world)]) == 2
    assert "--calibration and --world are two robots" in capsys.readouterr().err
