"""Stopped and resumed is the same as never stopped, to the bit."""

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.run.checkpoint import load_policy, read_checkpoint
from surefoot_training.run.config import RunConfig
from surefoot_training.run.journal import read_journal
from surefoot_training.run.sealed import checksum
from surefoot_training.run.status import Status
from surefoot_training.task.tasks import TASKS
from surefoot_training.train import Ending, Order, WalkingLearner, train


def stop_at(*iterations: int):
    def report(status: Status) -> None:
        if status.iteration in iterations:
            os.kill(os.getpid(), signal.SIGTERM)

    return report


def whole(config: RunConfig, folder: Path) -> Ending:
    return train(Order(folder, config))


def in_parts(config: RunConfig, folder: Path, *stops: int) -> Ending:
    ending = train(Order(folder, config), stop_at(*stops))
    for _ in stops:
        assert not ending.finished
        ending = train(Order(folder, None), stop_at(*stops))
    return ending


def learned(folder: Path) -> dict[str, str]:
    """Checksums of every part of the state, so that a difference has a name."""
    last = read_checkpoint(folder / "last.pt")
    (part,) = last.parts
    return {name: checksum(value) for name, value in part.items()} | {"average": checksum(last.average)}


def numbers(folder: Path) -> list[dict[str, float | None]]:
    """What the journal says, but for times."""
    entries = read_journal(folder / "progress.jsonl")
    return [
        {name: value for name, value in entry.items() if not name.startswith(("time/", "elapsed"))} for entry in entries
    ]


def test_a_run_in_parts_learns_the_same_to_the_bit(config, undisturbed, tmp_path):
    assert in_parts(config, tmp_path, 2, 3).finished
    assert learned(tmp_path) == learned(undisturbed)
    assert numbers(tmp_path) == numbers(undisturbed)


@pytest.mark.parametrize(
    "settings",
    [
        ["agent.actor=cenet", "ppo.surrogate=adaptive_kl", "ppo.schedule=linear"],
        ["agent.actor=gru", "agent.gru_size=16", "ppo.chunk=8"],
    ],
    ids=["cenet", "gru"],
)
def test_also_with_an_estimator_and_with_a_memory(config, tmp_path, settings):
    config = config.with_settings(settings)
    assert whole(config, tmp_path / "whole").finished
    assert in_parts(config, tmp_path / "parts", 3).finished
    assert learned(tmp_path / "parts") == learned(tmp_path / "whole")


def test_also_over_terrain_with_pushes_and_a_scan(config, tmp_path):
    small = ["task.terrain.level_count=2", "task.curriculum.levels=2", "task.curriculum.initial_level_max=1"]
    config = replace(config, task=TASKS["velocity-rough"]).with_settings(small)
    whole(config, tmp_path / "whole")
    in_parts(config, tmp_path / "parts", 3)
    assert learned(tmp_path / "parts") == learned(tmp_path / "whole")


def test_another_seed_learns_something_else(config, undisturbed, tmp_path):
    whole(replace(config, seed=1), tmp_path)
    assert learned(tmp_path)["agent"] != learned(undisturbed)["agent"]


def test_after_a_crash_the_iterations_since_the_checkpoint_come_again(config, undisturbed, tmp_path):
    folder = tmp_path
    train(Order(folder, config), stop_at(2))
    kept = (folder / "last.pt").read_bytes()

    def fail(status: Status) -> None:
        if status.iteration == 4:
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        train(Order(folder, None), fail)
    assert (folder / "last.pt").read_bytes() == kept
    assert len(read_journal(folder / "progress.jsonl")) == 4
    train(Order(folder, None))
    assert learned(folder) == learned(undisturbed)
    assert numbers(folder) == numbers(undisturbed)


def test_a_damaged_newest_checkpoint_costs_only_time(config, undisturbed, tmp_path, caplog):
    folder = tmp_path
    train(Order(folder, config), stop_at(2))
    train(Order(folder, None), stop_at(4))
    (folder / "last.pt").write_bytes((folder / "last.pt").read_bytes()[:1000])
    train(Order(folder, None))
    assert "going on from previous.pt" in caplog.text
    assert "resumed after iteration 2" in (folder / "train.log").read_text()
    assert learned(folder) == learned(undisturbed)


def test_a_run_that_was_killed_before_its_first_checkpoint_begins_anew(config, undisturbed, tmp_path):
    def fail(_: Status) -> None:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        train(Order(tmp_path, config), fail)
    train(Order(tmp_path, None))
    assert learned(tmp_path) == learned(undisturbed)
    assert numbers(tmp_path) == numbers(undisturbed)


def test_a_finished_run_goes_on_only_with_a_larger_budget(config, tmp_path):
    whole(replace(config, steps=256), tmp_path)
    for steps in (None, 256, 100):
        with pytest.raises(SurefootError, match="has used up its budget"):
            train(Order(tmp_path, None, steps=steps))
    ending = train(Order(tmp_path, None, steps=512))
    assert (ending.iteration, ending.steps) == (4, 512)


def content(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.name != ".lock"}


@pytest.mark.parametrize("is_damaged", [False, True])
def test_what_is_refused_changes_nothing(config, tmp_path, is_damaged):
    whole(replace(config, steps=256, save_minutes=1e-9), tmp_path)
    if is_damaged:  # `previous.pt` is after 128 steps
        (tmp_path / "last.pt").write_bytes(b"half")
    before = content(tmp_path)
    for steps in (128, 100):
        with pytest.raises(SurefootError, match="has used up its budget"):
            train(Order(tmp_path, None, steps=steps))
        assert content(tmp_path) == before


def test_a_run_that_ended_in_time_goes_on_only_with_more_of_it(config, tmp_path):
    hours = iter(range(0, 10**6, 3600))
    in_time = config.with_budget(60.0 * 12, None)
    ending = train(Order(tmp_path, in_time), clock_s=lambda: float(next(hours)))
    assert ending.finished
    before = content(tmp_path)
    for minutes in (None, 60.0 * 12, 60.0 * 11.99):
        with pytest.raises(SurefootError, match="has used up its budget"):
            train(Order(tmp_path, None, minutes=minutes))
    assert content(tmp_path) == before


def test_a_gpu_that_is_there_is_said_not_to_be_used(config, tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    whole(replace(config, steps=1), tmp_path)
    assert "the GPU of this machine is not used" in (tmp_path / "train.log").read_text()


def test_an_edited_configuration_is_noticed(config, tmp_path):
    train(Order(tmp_path, config), stop_at(2))
    file = tmp_path / "config.yaml"
    file.write_text(file.read_text().replace("clip: 0.2", "clip: 0.3"))
    with pytest.raises(SurefootError, match="belongs to another configuration"):
        train(Order(tmp_path, None))


def test_the_policy_of_a_run_acts_as_its_agent_does(config, tmp_path):
    config = config.with_settings(["agent.actor=cenet"])
    whole(config, tmp_path)
    policy, found = load_policy(tmp_path / "last.pt")
    assert found == config
    learner = WalkingLearner(config, 0, tmp_path)
    (part,) = read_checkpoint(tmp_path / "last.pt").parts
    learner.load_state_dict(part)
    for name, value in policy.agent.state_dict().items():
        assert torch.equal(learner.policy_state()[name], value), name
    target, _, estimates = policy(torch.zeros(3, policy.perception.observation_size), policy.initial_state(3))
    assert target.shape == (3, 12)
    assert estimates["velocity_in_base"].shape == (3, 3)
