"""The policy as it is exported, tick by tick beside the problem it was trained in."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from surefoot_training.learn.ppo import PPO, PPOConfig
from surefoot_training.learn.walking import WalkingProblem, make_agent, policy_of
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.nets.cenet import CENetConfig

SMALL = AgentConfig(
    actor="mlp",
    yaw_memory_s=0.4,
    hidden=(16,),
    critic_hidden=(16,),
    gru_size=8,
    last_gain=0.3,
    cenet=CENetConfig(encoder=(16,), decoder=(8,)),
)
POLICIES = {
    "mlp": SMALL,
    "history": replace(SMALL, actor="history"),
    "gru": replace(SMALL, actor="gru"),
    "none": replace(SMALL, actor="cenet", estimator="none"),
    "velocity": replace(SMALL, actor="cenet", estimator="velocity"),
    "full": replace(SMALL, actor="cenet"),
    "state": replace(SMALL, actor="cenet", std="state"),
    "lopsided": replace(SMALL, actor="cenet", symmetric=False),
    "forgetful": replace(SMALL, actor="cenet", yaw_memory_s=0.0),
}


@pytest.mark.parametrize("name", [name for name in POLICIES if name != "gru"])
def test_what_is_done_in_the_mirror_is_the_mirror_image(lab, name):
    problem, ppo = trained(lab, POLICIES[name])
    agent, mirror, seen = ppo.agent, problem.mirror, problem.seen()
    coin = torch.arange(problem.copies) % 2 == 0

    def acted(actor: torch.Tensor, velocity: torch.Tensor):
        with torch.no_grad():
            return agent.act_on(agent.inputs_of(actor, agent.guess(actor, velocity, coin)))

    here = acted(seen.actor, seen.velocity)
    there = acted(mirror.observation(seen.actor), mirror.velocity(seen.velocity))
    same = torch.allclose(mirror.action(there.mean), here.mean, atol=1e-5)
    assert same == (name != "lopsided")
    swapped = mirror.action(there.log_std.exp()).abs().log()
    assert torch.allclose(swapped, here.log_std, atol=1e-5) == (name != "lopsided")
    if agent.estimator is not None and name != "lopsided":
        (one, _), (other, _) = agent.estimate(seen.actor), agent.estimate(mirror.observation(seen.actor))
        torch.testing.assert_close(mirror.velocity(other), one)


def trained(lab, config: AgentConfig, *, task: str = "flat", robots: int = 6):
    """A problem in which something happens all the time, and an agent that has learned there for a moment."""
    environment = lab.make(lab.busy(lab.tasks[task]), robots)
    problem = WalkingProblem(environment, config.history_length, yaw_memory_s=config.yaw_memory_s)
    torch.manual_seed(0)
    ppo = PPO(PPOConfig(steps=16, epochs=1), make_agent(config, problem), problem, seed=0)
    ppo.iteration(0.0)
    return problem, ppo


@pytest.mark.parametrize("name", POLICIES)
def test_a_policy_does_what_its_agent_would_do_to_the_bit(lab, name):
    problem, ppo = trained(lab, POLICIES[name])
    agent, environment = ppo.agent, problem.environment
    environment.restart(environment._everyone)
    problem = WalkingProblem(environment, agent.config.history_length, yaw_memory_s=agent.config.yaw_memory_s)
    policy = policy_of(agent, problem)
    state = policy.initial_state(problem.copies)
    hidden = torch.zeros(problem.copies, agent.memory_size)
    always = torch.ones(problem.copies, dtype=torch.bool)
    resets = standing = 0
    for _ in range(50):
        seen, observation = problem.seen(), torch.as_tensor(environment.observations.policy)
        with torch.no_grad():
            inputs = agent.inputs_of(seen.actor, agent.guess(seen.actor, seen.velocity, always))
            hidden = agent.remember(inputs, hidden)
            action = agent.act_on(hidden if agent.memory_size else inputs).mode()
            target, following, estimates = policy(observation, state)
            yaw_error = state.get("yaw_error", torch.zeros(problem.copies, 0))
            features = problem.perception(observation, state["last_action"], state["gait_clock"][:, 0], yaw_error)
        assert torch.equal(features, seen.actor[:, -1])
        if "history" in state:
            assert torch.equal(state["history"], seen.actor[:, :-1])
        assert torch.equal(target, problem.perception.joint_target(problem.perception.clipped(action)))
        assert following.keys() == state.keys()
        assert {key: value.shape for key, value in following.items()} == {k: v.shape for k, v in state.items()}
        if agent.estimator is not None:
            assert torch.equal(estimates["velocity_in_base"], agent.estimate(seen.actor)[0])
        standing += int((seen.actor[:, -1, problem.perception.where("velocity_command")] == 0).all(-1).sum())
        outcome = problem.step(action)
        ids = outcome.finished_ids
        resets += len(ids)
        state = {key: value.clone() for key, value in following.items()}
        for value in (*state.values(), hidden):
            value[ids] = 0.0
    assert resets >= problem.copies
    assert standing > 3


def test_a_policys_clock_is_the_environments(lab):
    problem, _ = trained(lab, SMALL)
    columns = problem.environment.task.privileged
    at = sum(term.size for term in columns[: [term.name for term in columns].index("gait_clock")])
    clock, moved = problem.perception.where("gait_clock"), 0
    generator = torch.Generator().manual_seed(0)
    for _ in range(80):
        outcome = problem.step(0.5 * torch.randn(problem.copies, 12, generator=generator))
        for seen in (outcome.seen, outcome.final):
            truth = seen.critic[:, problem.perception.size + at :][:, :2]
            torch.testing.assert_close(seen.actor[:, -1, clock], truth, rtol=0, atol=2e-6)
        moved += int((outcome.seen.actor[:, -1, clock][:, 0] != 0).sum())
    assert moved > 100


@pytest.mark.parametrize("task", ["flat", "rough", "seeing"])
def test_what_a_rollout_keeps_stays_as_it_was_seen(lab, toys, task):
    """The simulator reuses its arrays; nobody else may notice."""
    config = replace(SMALL, actor="history", history=2)
    problem = toys.Recorded(WalkingProblem(lab.make(lab.busy(lab.tasks[task])), 2))
    ppo = PPO(PPOConfig(steps=45), toys.agent_for(config, problem), problem, seed=0)
    rollout, log = ppo._collect()
    for name in ("reward", "terminated", "timed_out"):
        assert torch.equal(getattr(rollout, name), torch.stack([getattr(o, name) for o in problem.outcomes])), name
    assert torch.equal(rollout.seen, torch.stack([seen.actor for seen in problem.before]))
    assert torch.equal(rollout.critic, torch.stack([seen.critic for seen in problem.before]))
    assert torch.equal(rollout.velocity, torch.stack([seen.velocity for seen in problem.before]))
    finals = [outcome.final.critic[outcome.timed_out[outcome.finished_ids]] for outcome in problem.outcomes]
    assert torch.equal(rollout.final.critic, torch.cat(finals))
    assert len(rollout.final_at) > 0
    assert log["episode/count"] == sum(len(outcome.finished_ids) for outcome in problem.outcomes)


def test_what_is_seen_after_an_action_holds_it_as_the_joints_got_it(lab):
    problem, _ = trained(lab, replace(SMALL, actor="history", history=3))
    perception = problem.perception
    last, before = perception.where("last_action"), problem.seen().actor
    outcome = problem.step(torch.full((problem.copies, 12), 100.0))
    going_on = ~(outcome.terminated | outcome.timed_out)
    assert torch.equal(outcome.seen.actor[going_on, -1, last], perception.action_high.expand(int(going_on.sum()), 12))
    assert torch.equal(outcome.seen.actor[going_on, :-1], before[going_on, 1:])
    target = torch.as_tensor(problem.environment._actions.target)[going_on]
    assert torch.equal(target, perception.joint_upper.expand_as(target))


def test_new_episodes_begin_with_nothing_remembered(lab):
    problem, _ = trained(lab, replace(SMALL, actor="history", history=3))
    begun = 0
    for _ in range(40):
        outcome = problem.step(torch.ones(problem.copies, 12))
        ids = outcome.finished_ids
        begun += len(ids)
        assert not outcome.seen.actor[ids, :-1].any()
        assert not outcome.seen.actor[ids, -1, problem.perception.where("last_action")].any()
        assert bool(
            (outcome.seen.actor[ids, -1, problem.perception.where("gait_clock")] == torch.tensor([0.0, 1.0])).all()
        )
        assert outcome.final.actor.shape == (len(ids), 3, problem.perception.size)
        assert outcome.final.actor[:, :, problem.perception.where("last_action")].any(-1)[:, -1].all()
    assert begun > 5


@pytest.mark.parametrize("task", ["flat", "rough"])
def test_learning_to_walk_goes_on_to_the_bit(lab, toys, task, tmp_path):
    config = replace(SMALL, actor="cenet")

    def fresh(seed: int) -> PPO:
        problem = WalkingProblem(lab.make(lab.busy(lab.tasks[task]), seed=seed), config.history_length)
        torch.manual_seed(seed)
        return PPO(PPOConfig(steps=16, epochs=1), make_agent(config, problem), problem, seed)

    straight, other = fresh(0), fresh(5)
    straight.iteration(0.0)
    torch.save(straight.state_dict(), tmp_path / "state.pt")
    saved = torch.load(tmp_path / "state.pt", weights_only=True)
    expected = [toys.without_times(straight.iteration(progress)) for progress in (0.3, 0.6)]
    for _ in range(2):  # also from what has been gone on from once
        other.load_state_dict(saved)
        assert [toys.without_times(other.iteration(progress)) for progress in (0.3, 0.6)] == expected
        toys.assert_same(toys.parameters_of(straight.agent), toys.parameters_of(other.agent))


def test_a_policy_remembers_nothing_else(lab):
    """Two robots that saw the same are told the same, whatever their neighbours saw."""
    problem, ppo = trained(lab, POLICIES["full"], robots=4)
    policy = policy_of(ppo.agent, problem)
    generator = torch.Generator().manual_seed(0)
    state = policy.initial_state(3)
    alone = policy.initial_state(1)
    with torch.no_grad():
        for _ in range(12):
            observation = torch.randn(3, problem.perception.observation_size, generator=generator)
            observation[1] = observation[0]
            target, state, _ = policy(observation, state)
            single, alone, _ = policy(observation[:1], alone)
            assert torch.equal(target[0], target[1])
            torch.testing.assert_close(single[0], target[0], rtol=1e-5, atol=1e-6)


def test_first_time_outs_can_be_spread(lab):
    import numpy as np

    problem = WalkingProblem(lab.make(lab.quiet(lab.tasks["flat"]), 64), 1)
    problem.spread_time_outs(np.random.default_rng(0))
    ahead = np.asarray(problem.environment.episode_time_s)
    assert ahead.min() >= 0.0
    assert ahead.max() < 10.0
    assert ahead.std() == pytest.approx(10.0 / 12**0.5, rel=0.2)
