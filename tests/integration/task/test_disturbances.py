"""Pushes and payloads do to the robots what they say, and nothing where there are none."""

from __future__ import annotations

from dataclasses import replace

import mujoco
import numpy as np
import pytest

from surefoot_training.task.pushes import PushConfig

DT_S = 0.02
IN_THE_AIR = {"initial_height_added_m": (2.0, 2.0)}  # 0.64 s of free fall


def momentum_of(environment) -> np.ndarray:
    """Of whole robots in the world [N, 3] kg m/s, from the engine's own bodies."""
    momentum = []
    for robot in range(environment.robots):
        model, data = environment.simulator.batch.get_model(robot), environment.simulator.batch.get_data(robot)
        mujoco.mj_forward(model, data)
        mujoco.mj_subtreeVel(model, data)
        momentum.append(data.subtree_linvel[0] * model.body_subtreemass[0])
    return np.array(momentum)


def pair(lab, pushes, **randomization):
    """The same robots with pushes and without, falling freely."""
    task = lab.quiet(lab.tasks["flat"], **IN_THE_AIR, **randomization)
    return lab.make(replace(task, pushes=pushes), robots=3), lab.make(task, robots=3)


def test_a_force_acts_for_as_long_as_it_says(lab):
    """100 N for 0.09 s are 9 Ns, whatever the control step: the last of its five steps has half of the force."""
    pushes = PushConfig(
        kick_mps=(0.0, 0.0), force_n=(100.0, 100.0), force_duration_s=(0.09, 0.09), force_interval_s=(0.1, 0.1)
    )
    pushed, left_alone = pair(lab, pushes, base_mass_added_kg=(-1.0, 3.0))
    stance = lab.stance(pushed)
    shown, impulse, gained = [], np.zeros((3, 3)), []
    for step in range(18):
        seen = pushed.step(stance).observations
        left_alone.step(stance)
        force = lab.part(pushed, seen, "disturbance_force_in_base")
        shown.append(np.linalg.norm(force, axis=1))
        acting = pushed.simulator.batch.bind("xfrc_applied")[:, 1]
        np.testing.assert_allclose(np.linalg.norm(acting, axis=1), shown[-1], rtol=1e-5)
        assert not acting[:, 2:].any(), "horizontal, and no torque"
        impulse += acting[:, :3] * DT_S
        gained.append(momentum_of(pushed) - momentum_of(left_alone))
        if step in (3, 9, 17):
            np.testing.assert_allclose(gained[-1], impulse, atol=0.02)
    expected = np.zeros(18)
    expected[4:9] = 100.0, 100.0, 100.0, 100.0, 50.0
    # 0.1 s after its end, the next begins.
    start = int(np.flatnonzero(np.array(shown)[9:, 0])[0]) + 9
    assert start in (13, 14)
    np.testing.assert_allclose(np.array(shown)[:start], np.repeat(expected[:start, None], 3, axis=1), rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(gained[start - 1], axis=1), 9.0, rtol=0.01)


def test_a_kick_adds_its_speed_at_once(lab):
    pushes = PushConfig(kick_mps=(0.7, 0.7), kick_interval_s=(0.1, 0.1), force_n=(0.0, 0.0))
    pushed, left_alone = pair(lab, pushes)
    stance = lab.stance(pushed)
    for step in range(5):
        pushed.step(stance)
        left_alone.step(stance)
        before = momentum_of(pushed) - momentum_of(left_alone)
        gained = np.linalg.norm(before, axis=1) / pushed.simulator.robot.total_mass_kg
        np.testing.assert_allclose(gained, 0.7 if step == 4 else 0.0, atol=1e-4)
        assert abs(before[:, 2]).max() < 1e-3
    np.testing.assert_allclose(
        np.linalg.norm(pushed.simulator.state().base_velocity_in_base[:, :2], axis=1), 0.7, atol=0.02
    )


def test_without_pushes_nobody_is_pushed(lab):
    """Strengths of zero are the same world as pushes that never come, although they come often."""
    none = PushConfig(
        kick_mps=(0.0, 0.0), force_n=(0.0, 0.0), kick_interval_s=(0.05, 0.1), force_interval_s=(0.05, 0.1)
    )
    task = lab.quiet(lab.tasks["rough"])
    idle, never = lab.make(replace(task, pushes=none)), lab.make(task)
    for target in lab.targets(idle, 60, spread_rad=0.05):
        a, b = idle.step(target), never.step(target)
        assert not len(a.finished_ids)
        np.testing.assert_array_equal(a.observations.privileged, b.observations.privileged)
        np.testing.assert_array_equal(a.reward, b.reward)
        assert not lab.part(idle, a.observations, "disturbance_force_in_base").any()
        assert not idle.simulator.batch.bind("xfrc_applied").any()


def test_a_push_ends_with_the_episode(lab):
    """Who starts anew is not pushed on by what pushed it before."""
    task = lab.with_limits(lab.quiet(lab.tasks["flat"], initial_yaw_rad=(-3.0, 3.0)), time_s=0.3)
    pushes = PushConfig(
        kick_mps=(0.0, 0.0), force_n=(60.0, 60.0), force_interval_s=(0.2, 0.25), force_duration_s=(0.3, 0.3)
    )
    environment = lab.make(replace(task, pushes=pushes))
    result = lab.run(environment, [lab.stance(environment)] * 15)[-1]
    assert result.timed_out.all()
    columns = slice(24, 27)  # of the critic: the force
    assert np.linalg.norm(result.final.privileged[:, columns], axis=1) == pytest.approx([60.0] * 6, rel=1e-4)
    for _ in range(9):
        assert not result.observations.privileged[:, columns].any()
        assert not environment.simulator.batch.bind("xfrc_applied").any()
        result = environment.step(lab.stance(environment))


@pytest.mark.parametrize("name", ["flat", "rough"])
def test_changing_payloads_to_what_they_are_changes_nothing(lab, name):
    """Setting masses in the middle of an episode leaves the running simulation alone, to the bit."""
    task = lab.quiet(lab.tasks[name])
    often = replace(
        task, randomization=replace(task.randomization, payload_interval_s=(0.02, 0.1), payload_change_share=1.0)
    )
    never = lab.make(replace(often, randomization=replace(often.randomization, payload_change_share=0.0)))
    often = lab.make(often)
    for target in lab.targets(often, 60, spread_rad=0.05):
        a, b = often.step(target), never.step(target)
        assert not len(a.finished_ids)
        np.testing.assert_array_equal(a.observations.privileged, b.observations.privileged)
        np.testing.assert_array_equal(a.reward, b.reward)


def test_payloads_weigh_on_the_feet_and_the_critic_sees_them(lab):
    """The robot stands still; after a change its feet carry the new weight."""
    task = lab.quiet(lab.tasks["flat"])
    task = replace(
        task,
        randomization=replace(
            task.randomization,
            base_mass_added_kg=(-1.0, 3.0),
            payload_interval_s=(1.0, 1.0),
            payload_change_share=1.0,
        ),
    )
    environment = lab.make(task)
    stance, weights, loads = lab.stance(environment), [], []
    for step in range(148):
        seen = environment.step(stance).observations
        if step in (48, 98, 147):
            forces = lab.part(environment, seen, "foot_forces_in_base").reshape(6, 4, 3)
            weights.append(forces[:, :, 2].sum(axis=1))
            loads.append(1.0 + 2.0 * lab.part(environment, seen, "randomized_parameters")[:, 0])  # -1..1 of -1..3 kg
            held = environment.simulator.get_parameters(np.arange(6))["link_mass_kg"].sum(axis=1)
            np.testing.assert_allclose(held - environment.simulator.robot.total_mass_kg, loads[-1], atol=1e-4)
    assert (abs(np.diff(loads, axis=0)) > 1e-3).all()
    expected = (environment.simulator.robot.total_mass_kg + np.array(loads)) * 9.81
    np.testing.assert_allclose(weights, expected, rtol=0.03)  # some still sway
