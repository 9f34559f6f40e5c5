"""A run that met a NaN: what it leaves, and what can be seen of it."""

import json
import math
from dataclasses import replace

import pytest
import torch

from surefoot.cli import main
from surefoot_robots.errors import SurefootError
from surefoot_training.learn.walking import WalkingProblem
from surefoot_training.run.not_finite import read_dump, replay, write_dump
from surefoot_training.run.sealed import checksum
from surefoot_training.train import Order, train

STEPS = 16


@pytest.fixture(scope="module")
def stopped(config, tmp_path_factory):
    """The folder of a run whose robots got a reward that is none, in its second iteration; and what it said."""
    step, steps = WalkingProblem.step, 0

    def poisoned(problem, action):
        nonlocal steps
        outcome = step(problem, action)
        steps += 1
        if steps > 2 * STEPS:  # the first time only to see
            outcome.reward[3] = math.nan
        return outcome

    folder = tmp_path_factory.mktemp("stopped") / "run"
    order = Order(folder, config.with_settings(["agent.actor=cenet", "ppo.mirror=loss"]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WalkingProblem, "step", poisoned)
        with pytest.raises(SurefootError) as said:
            train(order)
    return folder, said.value


def test_it_names_the_culprit_the_dump_and_the_way_to_see_it(stopped):
    folder, said = stopped
    assert said.message.startswith("iteration 2: loss surrogate, value is not finite; what led to it is in ")
    assert f"surefoot task replay {folder / 'not-finite.pt'}" in said.hint


def test_every_loss_and_gradient_is_seen_again(stopped):
    found = replay(stopped[0] / "not-finite.pt")
    assert (found.culprit, found.task, found.robot) == ("loss surrogate, value", "velocity-flat", "go2")
    assert (found.iteration, found.process, found.processes) == (2, 0, 1)
    losses = {"surrogate", "value", "entropy", "estimator_velocity", "estimator_prediction", "estimator_kl"}
    assert found.losses.keys() - {"mirror"} == losses  # which an agent that is symmetric by itself has not
    assert found.gradients.keys() == {"actor", "critic", "estimator"}
    assert {name for name, value in found.losses.items() if math.isfinite(value)} == found.losses.keys() - {
        "surrogate",
        "value",
    }
    assert set(found.not_finite) >= {"loss/surrogate", "loss/value", "gradient/actor", "gradient/critic"}


def test_the_command_prints_it(stopped, capsys):
    file = str(stopped[0] / "not-finite.pt")
    assert main(["task", "replay", file]) == 0
    title, _, *lines = capsys.readouterr().out.splitlines()
    assert title == "velocity-flat, go2, iteration 2: loss surrogate, value was not finite"
    rows = {tuple(line.split()[:2]): line for line in lines}
    assert rows["loss", "value"].split()[2:] == ["nan", "not", "finite"]
    assert not rows["loss", "entropy"].endswith("not finite")
    assert any(line.startswith("not finite: loss/surrogate, ") for line in lines)
    assert main(["task", "replay", file, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["losses"]["value"] is None
    assert "loss/value" in told["not_finite"]


def test_what_does_not_go_with_it_is_refused(stopped, capsys):
    assert main(["task", "replay", str(stopped[0] / "not-finite.pt"), "--png", "x.png"]) == 2
    assert "--png draws simulations" in capsys.readouterr().err
    assert main(["task", "replay", str(stopped[0] / "config.yaml")]) == 2
    assert "is damaged or not a dump of learning" in capsys.readouterr().err


@pytest.fixture
def spoil(stopped, tmp_path):
    """A dump with something changed in it, its checksum made to fit."""

    def change(**changes):
        dump = read_dump(stopped[0] / "not-finite.pt")
        file = tmp_path / "not-finite.pt"
        write_dump(replace(dump, **{name: change(getattr(dump, name)) for name, change in changes.items()}), file)
        return file

    return change


def without(name):
    return lambda batch: {key: value for key, value in batch.items() if key != name}


def samples(**parts):
    return lambda batch: batch | {"samples": batch["samples"] | parts}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"iteration": str}, "iteration is no int"),
        ({"config": lambda text: text[:-5]}, "no JSON"),
        ({"config": lambda text: text.replace('"clip":', '"klip":')}, "klip is unknown"),
        ({"config": lambda text: text.replace("rewards.", "os.")}, "no term function"),
        ({"config": lambda text: text.replace('"hidden": [16]', '"hidden": [1000000000000]')}, "its networks are not"),
        ({"batch": without("agent")}, "no agent"),
        ({"batch": without("generator")}, "no generator"),
        ({"batch": lambda batch: batch | {"generator": torch.zeros(7, dtype=torch.uint8)}}, "generator is none"),
        ({"batch": samples(value=torch.zeros(3, 1))}, r"value of shape \(3, 1\)"),
        ({"batch": samples(value=3.0)}, "'value'"),
        ({"batch": samples(extra=torch.zeros(3, 1))}, "'extra'"),
        ({"batch": samples(log_prob=0.0)}, "inputs of shape"),
        ({"batch": lambda batch: samples(critic=batch["samples"]["critic"][..., 1:])(batch)}, "does not fit"),
        ({"batch": lambda batch: batch | {"samples": without("history")(batch["samples"])}}, "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(spoil, changes, told):
    with pytest.raises(SurefootError, match=told):
        replay(spoil(**changes))


def test_a_dump_is_read_back_the_same(stopped, spoil):
    dump = read_dump(stopped[0] / "not-finite.pt")
    assert checksum(dump.batch) == checksum(read_dump(spoil()).batch)
