"""A run that begins with the networks of another one."""

import pytest
import torch

from surefoot.cli import main
from surefoot_training.run.checkpoint import load_networks, load_policy, read_checkpoint

SMALL = ["--robots", "8", "--threads", "1", "--set", "ppo.steps=4", "ppo.minibatches=2", "ppo.epochs=1"]
NETWORKS = ["agent.hidden=16", "agent.critic_hidden=16", "agent.cenet.encoder=16", "agent.cenet.decoder=8"]


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    folder = tmp_path_factory.mktemp("flat") / "run"
    assert main(["train", "velocity-flat", "--steps", "96", "--out", str(folder), *SMALL, *NETWORKS]) == 0
    return folder


def test_the_second_run_learns_on_from_the_first(flat, tmp_path):
    out = tmp_path / "second"
    # A learning rate of 0 and no statistics to move: what is there at the end is what was there at the beginning.
    still = ["ppo.learning_rate=0", "ppo.critic_learning_rate=0", "ppo.schedule=constant"]
    assert (
        main(["train", "velocity-flat", "--from", str(flat), "--steps", "32", "--out", str(out), *SMALL, *still]) == 0
    )
    before, config, sha256 = load_networks(flat / "last.pt")
    after = read_checkpoint(out / "last.pt").parts[0]["agent"]
    assert config.agent == load_policy(out)[1].agent
    assert load_policy(out)[1].begun_from == sha256
    for name in ("actor_head.weight", "critic.0.weight"):
        torch.testing.assert_close(after[name], before[name], rtol=0, atol=0)
    assert float(after["norm.count"]) > float(before["norm.count"])


def test_another_critic_begins_from_nothing_and_says_so(flat, tmp_path, caplog):
    out = tmp_path / "rough"
    assert main(["train", "velocity-rough", "--from", str(flat), "--steps", "32", "--out", str(out), *SMALL]) == 0
    assert "critic begins from nothing" in caplog.text
    # One iteration of ten in which the actor waits for it.
    before, after = load_networks(flat)[0], load_networks(out)[0]
    assert torch.equal(before["actor_head.weight"], after["actor_head.weight"])
    assert not torch.equal(before["estimator.encoder.0.weight"], after["estimator.encoder.0.weight"])


def test_a_calibration_that_is_left_behind_is_told(flat, tmp_path, capsys, monkeypatch):
    from types import SimpleNamespace

    from surefoot_training.run import checkpoint

    networks, config, sha256 = load_networks(flat)
    measured = SimpleNamespace(agent=config.agent, calibration=SimpleNamespace(called="mine.yaml (0123)"))
    monkeypatch.setattr(checkpoint, "load_networks", lambda _: (networks, measured, sha256))
    words = ["train", "velocity-flat", "--from", str(flat), "--steps", "32", *SMALL, "--out"]
    assert main([*words, str(tmp_path / "with")]) == 0
    assert "was trained with mine.yaml (0123), and this run goes without" in capsys.readouterr().err
    monkeypatch.undo()
    assert main([*words, str(tmp_path / "without")]) == 0
    assert "warning" not in capsys.readouterr().err


def test_networks_that_do_not_fit_are_refused(flat, tmp_path, capsys):
    words = ["train", "velocity-flat", "--from", str(flat), "--steps", "32", "--out", str(tmp_path / "x"), *SMALL]
    assert main([*words, "agent.hidden=17"]) != 0
    assert "do not fit: actor_" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_a_resumed_run_cannot_begin_anew(flat, capsys):
    assert main(["train", "--resume", "--out", str(flat), "--from", str(flat)]) == 2
    assert "--from goes with a new run" in capsys.readouterr().err


def test_a_run_that_lost_what_it_began_with_is_not_begun_from_nothing(flat, tmp_path, capsys):
    out = tmp_path / "cut"
    assert main(["train", "velocity-flat", "--from", str(flat), "--steps", "64", "--out", str(out), *SMALL]) == 0
    for name in ("last.pt", "previous.pt"):
        (out / name).unlink(missing_ok=True)
    assert main(["train", "--resume", "--out", str(out)]) == 2
    assert "stopped before its first checkpoint" in capsys.readouterr().err
