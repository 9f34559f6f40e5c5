"""The PPO bench: runs that are killed and resumed come out the same, results are kept, and CartPole is learned."""

from __future__ import annotations

import copy
import json
import math
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from surefoot.cli import main
from surefoot_robots.errors import SurefootError
from surefoot_training.bench import ppo_runs
from surefoot_training.bench.ppo import open_folder, random_scores, run_all
from surefoot_training.bench.ppo_presets import CARTPOLE_PRESET, MUJOCO_PRESETS
from surefoot_training.bench.ppo_report import Results, draw_curves
from surefoot_training.bench.ppo_runs import Result, Run, evaluate, make_learner, train
from surefoot_training.interop.gym_problem import GymProblem
from surefoot_training.learn.ppo import PPO
from surefoot_training.nets.agent import Agent

TINY = Run("cartpole", "clip", seed=0, steps=6 * 512)


class KilledError(Exception):
    pass


def without_time(result: Result) -> dict[str, object]:
    return asdict(result) | {"training_s": None}


def test_a_killed_run_comes_out_as_if_nothing_had_happened(tmp_path, monkeypatch):
    monkeypatch.setattr(ppo_runs, "_SAVE_EVERY", 2)
    (tmp_path / "whole").mkdir()
    whole = train(TINY, tmp_path / "whole")

    def kill(steps: int, _score: float, seen: list[int] = []) -> None:  # noqa: B006  # kept over calls on purpose
        seen.append(steps)
        if len(seen) == 5:
            raise KilledError

    with pytest.raises(KilledError):
        train(TINY, tmp_path, kill)
    heard: list[int] = []
    resumed = train(TINY, tmp_path, lambda steps, _score: heard.append(steps))
    assert heard[0] == 2 * 512, "from the last checkpoint on"
    assert len(heard) == 1 + 4
    assert without_time(resumed) == without_time(whole)
    assert resumed.steps == 6 * 512


def test_learning_on_mujoco_goes_on_to_the_bit():
    """Of our PPO with everything the bench uses, only shorter: a saved state, loaded into another learner."""
    preset = MUJOCO_PRESETS["adaptive_kl"]
    config = replace(preset.ppo, steps=256, minibatches=4, epochs=2)

    def make(seed: int) -> PPO:
        torch.manual_seed(seed)
        problem = GymProblem("hopper", 1, seed)
        return PPO(config, Agent(preset.agent, problem.actions, problem.actor_shape, 11, 0), problem, seed)

    learner, other = make(3), make(4)
    learner.iteration(0.0)
    state = copy.deepcopy(learner.state_dict())
    logs = [learner.iteration(0.5) for _ in range(2)]
    other.load_state_dict(state)
    for wanted in logs:
        got = other.iteration(0.5)
        assert {name: got[name] for name in got if "time" not in name} == {
            name: wanted[name] for name in wanted if "time" not in name
        }
    for name, value in learner.agent.state_dict().items():
        assert torch.equal(other.agent.state_dict()[name], value), name
    assert other.kl_weight == learner.kl_weight


def test_cartpole_is_learned_in_a_few_thousand_steps(tmp_path):
    result = train(Run("cartpole", "clip", seed=0, steps=20_480), tmp_path)
    first = result.curve[0][1]
    assert first < 30.0, "it begins as a random policy does"
    assert result.score > 150.0
    assert result.evaluation is not None
    assert result.evaluation > 300.0
    assert [steps for steps, _ in result.curve] == list(range(512, 20_481, 512))
    assert result.best == max(score for _, score in result.curve)


def test_the_presets_are_the_papers():
    for surrogate, preset in MUJOCO_PRESETS.items():
        config = preset.ppo
        assert (config.surrogate, config.clip) == (surrogate, 0.2)
        assert preset.copies * config.steps == 2048
        assert preset.copies * config.steps // config.minibatches == 64
        assert (config.epochs, config.learning_rate, config.critic_learning_rate) == (10, 3e-4, 3e-4)
        assert (config.gamma, config.lam, config.schedule, config.entropy) == (0.99, 0.95, "constant", 0.0)
        assert (preset.agent.hidden, preset.agent.critic_hidden) == ((64, 64), (64, 64))
        assert preset.agent.activation == "tanh"
        assert not preset.agent.shared_trunk
        assert preset.most_steps == 1_000_000
    assert MUJOCO_PRESETS["adaptive_kl"].ppo.target_kl == 0.01
    assert CARTPOLE_PRESET.most_steps == 100_000


def test_evaluation_is_of_the_likeliest_action():
    learner, _ = make_learner(TINY)
    with torch.no_grad():
        head = learner.agent.actor_head
        head.weight.zero_()
        head.bias.copy_(torch.tensor([0.0, 0.1]))  # always to the right
    score = evaluate(learner.agent, "cartpole", 20, seed=0)
    assert 8.0 <= score <= 11.0
    assert score == evaluate(learner.agent, "cartpole", 20, seed=0)


def test_too_few_steps_are_refused(tmp_path):
    with pytest.raises(SurefootError, match="hopper-clip-seed0: 4095 steps") as refused:
        train(Run("hopper", "clip", 0, 4095), tmp_path)
    assert "4096" in str(refused.value.hint)


@pytest.mark.parametrize("damage", ["truncated", "foreign", "other steps"])
def test_a_checkpoint_that_is_none_is_refused(tmp_path, monkeypatch, damage):
    monkeypatch.setattr(ppo_runs, "_SAVE_EVERY", 1)
    file = tmp_path / f"{TINY.name}.pt"
    train(TINY, tmp_path)
    assert file.exists()
    run = TINY
    if damage == "truncated":
        file.write_bytes(file.read_bytes()[:-2000])
    elif damage == "foreign":
        torch.save({"steps": TINY.steps}, file)
    else:
        run = Run("cartpole", "clip", 0, 2048)
    with pytest.raises(SurefootError, match=str(file)):
        train(run, tmp_path)


def test_finished_runs_are_not_trained_again(tmp_path):
    folder = tmp_path / "bench"
    runs = [Run("cartpole", "clip", seed, 1024) for seed in (0, 1)]
    results = open_folder(folder, 1024, resume=False)
    done = run_all(results, runs[:1], folder, lambda *_: None)
    heard: list[tuple[str, int]] = []
    both = run_all(
        open_folder(folder, 1024, resume=True), runs, folder, lambda name, steps, _score: heard.append((name, steps))
    )
    assert heard[0] == ("cartpole-clip-seed0", 1024), "done: counted whole"
    assert heard[1] == ("cartpole-clip-seed1", 0)
    assert asdict(both[0]) == asdict(done[0])
    assert sorted(file.name for file in folder.iterdir()) == ["curves.png", "results.jsonl", "settings.json"]


def test_a_folder_keeps_its_settings(tmp_path):
    open_folder(tmp_path / "bench", 5000, resume=False)
    with pytest.raises(SurefootError, match="holds an earlier bench"):
        open_folder(tmp_path / "bench", 5000, resume=False)
    with pytest.raises(SurefootError, match="other settings"):
        open_folder(tmp_path / "bench", 6000, resume=True)
    assert open_folder(tmp_path / "bench", 5000, resume=True).read() == []


def test_a_torn_line_is_forgotten_and_the_rest_kept(tmp_path):
    results = Results(tmp_path)
    one = Result("hopper", "clip", 0, 10, 1.5, 2.5, None, None, 3.0, {"torch": "x"}, [(5, 1.0), (10, 1.5)])
    results.add(one)
    with results.file.open("a") as file:
        file.write('{"task": "hopp')
    assert results.read() == [one]
    results.add(one)
    assert results.read() == [one, one]
    results.file.write_text("[]\n")
    with pytest.raises(SurefootError, match="other lines than results"):
        results.read()


def test_random_scores_are_kept(tmp_path):
    scores = random_scores(tmp_path, ["inverted_pendulum", "cartpole"], lambda: None)
    assert scores.keys() == {"inverted_pendulum"}
    assert 2.0 < scores["inverted_pendulum"] < 10.0
    (tmp_path / "random.json").write_text('{"inverted_pendulum": 1.0}')
    assert random_scores(tmp_path, ["inverted_pendulum"], lambda: None) == {"inverted_pendulum": 1.0}


def test_curves_are_drawn_even_before_any_episode_was_over(tmp_path):
    none = Result("half_cheetah", "clip", 0, 500, math.nan, math.nan, None, None, 1.0, {}, [])
    draw_curves([none], tmp_path / "curves.png")
    assert (tmp_path / "curves.png").stat().st_size > 1000


def test_the_command_prints_tables_and_says_that_it_was_not_solved(tmp_path, capsys):
    out = tmp_path / "bench"
    arguments = ["bench", "ppo", "--tasks", "cartpole", "inverted_pendulum", "--seeds", "1", "--steps", "4096"]
    arguments += ["--out", str(out)]
    assert main(arguments) == 1
    printed = capsys.readouterr().out
    assert "CartPole-v1, 4,096 steps" in printed
    assert "adaptive_kl" in printed
    assert main([*arguments, "--resume", "--json"]) == 1
    summary = json.loads(capsys.readouterr().out)
    assert summary == json.loads((out / "summary.json").read_text())
    assert [run["task"] for run in summary["runs"]] == ["cartpole", "inverted_pendulum", "inverted_pendulum"]
    assert summary["paper_normalized_mean"] == {"clip": 0.82, "adaptive_kl": 0.74}
    assert Path(out / "curves.png").exists()
    assert main(arguments) == 2, "without --resume"
