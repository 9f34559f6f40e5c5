"""`surefoot bench gap` from end to end, two iterations each; what identification finds is made up."""

import json
from pathlib import Path

import pytest
from measured import armature, write

from surefoot.cli import main
from surefoot.commands import bench_gap
from surefoot_robots.calibration import Measured
from surefoot_training.bench.gap import Bench
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.config import RunConfig, load_config
from surefoot_training.task.tasks import TASKS
from surefoot_training.train import Order, train

SMALL = ("agent.hidden=16", "agent.critic_hidden=16", "ppo.steps=16", "ppo.minibatches=2")
SETTINGS = ("--set", "robots=8", "ppo.steps=16", "ppo.minibatches=2")


@pytest.fixture(scope="module")
def start(tmp_path_factory) -> Path:
    """Networks to begin with."""
    folder = tmp_path_factory.mktemp("start")
    config = RunConfig(TASKS["velocity-flat"], robots=8, steps=128).with_settings(SMALL)
    assert train(Order(folder, config)).finished
    return folder


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    sized = Protocol.of_size

    def shorter(protocol: Protocol, robots: int) -> Protocol:
        from dataclasses import replace

        return replace(sized(protocol, robots), tracking_s=0.4)

    def found(bench: Bench, robot: int) -> None:
        strong = Measured("motor_strength", "FL_calf_joint", 0.7, 0.69, 0.71, "identified")
        write(bench.calibration(robot), armature(), strong)

    monkeypatch.setattr(Protocol, "of_size", shorter)
    monkeypatch.setattr(bench_gap, "_identify", found)


@pytest.mark.usefixtures("short")
def test_three_policies_on_a_hidden_robot_and_again_from_what_is_there(start, tmp_path, capsys):
    out = tmp_path / "gap"
    new = ("--robots", "1", "--steps", "256", "--episodes", "2", "--threads", "1", "--from", str(start), *SETTINGS)
    assert main(["bench", "gap", *new, "--out", str(out), "--json"]) in (0, 1)  # two iterations say nothing
    told = json.loads(capsys.readouterr().out)
    assert told["left"] == 0
    (row,) = told["rows"]
    errors = {kind: judged["speed_error_mps"] for kind, judged in row["judged"].items()}
    assert list(errors) == ["nominal", "own", "identified"]
    gap, left = errors["nominal"] - errors["own"], errors["identified"] - errors["own"]
    assert told["gap_closed_share"] == (pytest.approx(1.0 - left / gap) if gap > 0.0 else None)
    assert json.loads((out / "summary.json").read_text()) == told
    for kind in errors:
        assert json.loads((out / "robot-0" / f"{kind}.json").read_text())["body"] == "robot-0/world.yaml"

    own, identified = (load_config(out / "robot-0" / kind / "config.yaml") for kind in ("own", "identified"))
    assert own.calibration.name == "truth"
    assert own.task.randomization.measured.motor_strength[0][0] == own.task.randomization.measured.motor_strength[0][1]
    assert identified.calibration.name == "calibration.yaml"
    assert identified.task.randomization.measured.motor_strength[2] == pytest.approx((0.68, 0.72))
    assert load_config(out / "nominal" / "config.yaml").calibration is None
    assert (out / "robot-0" / "identified" / "calibration.yaml").exists()

    (out / "robot-0" / "own.json").unlink()
    assert main(["bench", "gap", "--resume", "--out", str(out), "--json"]) in (0, 1)
    assert json.loads(capsys.readouterr().out) == told
    assert main(["bench", "gap", "--resume", "--out", str(out), "--steps", "5"]) == 2
    assert "--steps goes with a new bench" in capsys.readouterr().err
    assert main(["bench", "gap", *new, "--out", str(out)]) == 2
    assert "holds an earlier bench" in capsys.readouterr().err


def test_there_must_be_something_to_go_on_with(tmp_path, capsys):
    assert main(["bench", "gap", "--resume", "--out", str(tmp_path)]) == 2
    assert "there is no such bench" in capsys.readouterr().err
