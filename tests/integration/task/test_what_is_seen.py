"""Observations: layout, units and time; arrays that stay as they were handed out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from surefoot_training.task.commands import CommandConfig

CANONICAL = [f"{leg}_{joint}_joint" for leg in ("FL", "FR", "RL", "RR") for joint in ("hip", "thigh", "calf")]
COLUMNS = {
    "angular_velocity_in_base": slice(0, 3),
    "gravity_in_base": slice(3, 6),
    "velocity_command": slice(6, 9),
    "joint_position": slice(9, 21),
    "joint_velocity": slice(21, 33),
    "height_scan": slice(33, 220),
    "height_scan_valid": slice(220, 221),
}


@pytest.mark.parametrize(("name", "width"), [("flat", 33), ("rough", 33), ("seeing", 221)])
def test_the_policy_sees_the_contracts_terms_raw_and_in_order(lab, name, width):
    """With perfect sensors, at every step, what it sees is the truth."""
    environment = lab.make_recording(lab.quiet(lab.tasks[name], initial_yaw_rad=(-3.0, 3.0)))
    assert environment.observation_size == width
    for target in lab.targets(environment, 30, spread_rad=0.2):
        result = environment.step(target)
        assert not len(result.finished_ids)
        seen, truth = result.observations.policy, environment.simulator.after_step
        assert seen.shape == (environment.robots, width)
        assert seen.dtype == result.observations.privileged.dtype == result.reward.dtype == np.float32
        for term, columns in COLUMNS.items():
            if term.startswith("joint") or term == "angular_velocity_in_base":
                np.testing.assert_array_equal(seen[:, columns], getattr(truth, term))
        np.testing.assert_allclose(seen[:, COLUMNS["gravity_in_base"]], truth.gravity_in_base, atol=1e-6)
        if name == "seeing":
            scan = lab.part(environment, result.observations, "height_scan")
            np.testing.assert_array_equal(seen[:, COLUMNS["height_scan"]], scan)
            np.testing.assert_array_equal(scan, result.observations.privileged[:, -187:])
            np.testing.assert_array_equal(seen[:, COLUMNS["height_scan_valid"]], 1.0)


def test_the_gravity_that_is_sensed_is_the_gravity_that_acts(lab):
    """An inertial unit measures what pulls at it: whatever is randomized, both have one direction."""
    environment = lab.make_recording(
        lab.quiet(lab.tasks["flat"], gravity_error_mps2=(-0.5, 0.5), initial_tilt_rad=(-0.3, 0.3))
    )
    simulator = environment.simulator
    acting = simulator.get_parameters(np.arange(environment.robots))["gravity_mps2"]
    assert np.ptp(acting[:, 2]) > 0.1
    for target in lab.targets(environment, 5, spread_rad=0.2):
        seen = environment.step(target).observations.policy[:, COLUMNS["gravity_in_base"]]
        in_base = (acting[:, None] @ simulator.after_step.base_rotation)[:, 0]
        expected = in_base / np.linalg.norm(acting, axis=1, keepdims=True)
        np.testing.assert_allclose(seen, expected, atol=1e-5)


def test_a_robot_that_stands_still(lab):
    environment = lab.make(lab.quiet(lab.tasks["flat"]), robots=2)
    seen = lab.run(environment, [lab.stance(environment)] * 100)[-1].observations
    np.testing.assert_allclose(lab.part(environment, seen, "gravity_in_base"), [[0, 0, -1]] * 2, atol=0.01)
    for name in ("angular_velocity_in_base", "velocity_in_base", "joint_velocity"):
        np.testing.assert_allclose(lab.part(environment, seen, name), 0.0, atol=0.01, err_msg=name)
    np.testing.assert_array_equal(lab.part(environment, seen, "foot_contacts"), 1.0)
    weight_n = environment.simulator.robot.total_mass_kg * 9.81
    forces = lab.part(environment, seen, "foot_forces_in_base").reshape(2, 4, 3)
    np.testing.assert_allclose(forces[:, :, 2].sum(axis=1), weight_n, rtol=0.01)
    np.testing.assert_allclose(lab.part(environment, seen, "foot_clearances"), 0.0, atol=0.003)
    joints = lab.part(environment, seen, "joint_position").astype(float)
    feet = environment.simulator.robot.kinematics.foot_position_in_base(joints)
    height_m = lab.part(environment, seen, "base_height")[:, 0]
    np.testing.assert_allclose(height_m, 0.022 - feet[:, :, 2].mean(axis=1), atol=0.003)
    assert 0.26 < height_m.min() < environment.simulator.robot.standing_height_m  # weight bends the legs
    np.testing.assert_array_equal(lab.part(environment, seen, "disturbance_force_in_base"), 0.0)
    np.testing.assert_array_equal(lab.part(environment, seen, "randomized_parameters"), 0.0)


def test_joints_are_in_canonical_order(lab):
    """Robot k moves joint k, in the air: that column changes, and no other."""
    task = lab.quiet(lab.tasks["flat"], initial_height_added_m=(1.0, 1.0))
    environment = lab.make(task, robots=12)
    assert list(environment.simulator.robot.joint_names) == CANONICAL
    target = lab.stance(environment)
    for joint, name in enumerate(CANONICAL):
        target[joint, joint] += 0.3 if "calf" not in name else -0.3
    seen = lab.run(environment, [target] * 10)[-1].observations
    moved = abs(lab.part(environment, seen, "joint_position") - lab.stance(environment))
    np.testing.assert_array_equal(moved.argmax(axis=1), np.arange(12))
    off_diagonal = moved[~np.eye(12, dtype=bool)]
    assert moved.diagonal().min() > 0.15 > 2 * off_diagonal.max()


def test_the_clock_starts_at_reset_and_goes_with_the_command_the_policy_saw(lab):
    task = lab.quiet(lab.tasks["flat"])
    commands = CommandConfig(
        interval_s=(0.1, 0.3), standing_share=0.4, minimum_speed_mps=0.0, minimum_yaw_rate_radps=0.0,
        acceleration_mps2=1e6, yaw_acceleration_radps2=1e6,
    )  # fmt: skip
    task = replace(lab.with_limits(task, time_s=0.5), commands=commands)
    environment = lab.make(task)
    phase, seen = np.zeros(6), environment.observations
    stood, walked = 0, 0
    for target in lab.targets(environment, 90, spread_rad=0.05):
        stands = ~lab.part(environment, seen, "velocity_command").any(axis=1)
        stood, walked = stood + stands.sum(), walked + (~stands).sum()
        result = environment.step(target)
        seen = result.observations
        phase = np.where(stands, 0.0, (phase + 3.5 * 0.02) % 1.0)
        phase[result.finished_ids] = 0.0
        clock = np.stack([np.sin(2 * np.pi * phase), np.cos(2 * np.pi * phase)], axis=-1)
        np.testing.assert_allclose(lab.part(environment, seen, "gait_clock"), clock, atol=1e-4)
        final = np.where(result.timed_out[result.finished_ids], 1, 0)
        assert final.all()
    assert stood > 50
    assert walked > 50


@pytest.mark.parametrize("name", ["flat", "rough", "seeing"])
def test_what_a_step_handed_out_stays_as_it_was(lab, name):
    """Over resets, blow-ups and loading: a learner may keep every array."""
    environment = lab.make(lab.busy(lab.tasks[name]))
    state = environment.state_dict()
    kept = []
    first = environment.observations
    first_copy = (first.policy.copy(), first.privileged.copy())
    for target in lab.targets(environment, 60, poison=0.02):
        result = environment.step(target)
        kept.append((result, {what: array.copy() for what, array in lab.arrays_of(result).items()}, dict(result.log)))
    environment.load_state_dict(state)
    environment.step(lab.stance(environment))
    for step, (result, copies, log) in enumerate(kept):
        for what, array in lab.arrays_of(result).items():
            np.testing.assert_array_equal(array, copies[what], err_msg=f"{what}, step {step}")
        assert result.log == log
    np.testing.assert_array_equal(first.policy, first_copy[0])
    np.testing.assert_array_equal(first.privileged, first_copy[1])


@pytest.mark.parametrize("name", ["flat", "seeing"])
def test_what_a_learner_does_to_its_arrays_stays_with_it(lab, name):
    """It may normalise in place: nothing of the environment's own is handed out."""
    task = lab.busy(lab.tasks[name])
    one, other = lab.make(task), lab.make(task)
    for target in lab.targets(one, 60):
        expected, result = one.step(target), other.step(target.copy())
        lab.assert_same([expected], [result])
        for array in lab.arrays_of(result).values():
            array[...] = 0
