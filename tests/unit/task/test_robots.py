"""What was drawn for each robot is what the simulator holds, and what the critic sees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from array_api_compat import numpy as xp

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.arrays import Rng
from surefoot_training.task.randomization import RandomizationConfig
from surefoot_training.task.robots import TRUNK, RandomizedRobots
from surefoot_training.task.terrain import Terrain

GO2 = load_robot("go2")
CONFIG = RandomizationConfig(payload_interval_s=(0.1, 0.2), payload_change_share=0.5)
N = 6
EVERYONE = np.arange(N)


@pytest.fixture
def simulator():
    return MujocoBatch(GO2, Terrain.flat(), N, threads=1)


@pytest.fixture
def drawn(simulator):
    """Robots after their first reset, and their source of random numbers."""
    rng = Rng(3, xp)
    robots = RandomizedRobots(CONFIG, simulator)
    robots.reset(EVERYONE, rng)
    return robots, rng


def sample_of(robots):
    return {name.removeprefix("drawn."): value for name, value in robots.state_dict().items() if "drawn" in name}


def assert_engine_agrees(robots, simulator):
    """The sample against the simulator's parameters, and those against the engine's own models."""
    sample, held = sample_of(robots), simulator.get_parameters(EVERYONE)
    nominal = {name: parameter.nominal for name, parameter in simulator.parameters.items()}
    mass = nominal["link_mass_kg"] * sample["link_mass_scale"]
    mass[:, 0] += sample["base_mass_added_kg"]
    inertia = nominal["link_inertia_kgm2"] * (sample["link_mass_scale"] * sample["link_inertia_scale"])[:, :, None]
    inertia[:, 0] += 0.00375 * np.maximum(sample["base_mass_added_kg"], 0.0)[:, None]
    com = np.tile(nominal["link_com_m"], (N, 1, 1))
    com[:, 0] += sample["base_com_shift_m"]
    expected = {
        "link_mass_kg": mass,
        "link_inertia_kgm2": inertia,
        "link_com_m": com,
        "joint_friction_nm": nominal["joint_friction_nm"] * sample["joint_friction_scale"],
        "joint_damping_nms_per_rad": nominal["joint_damping_nms_per_rad"] * sample["joint_damping_scale"],
        "joint_armature_kgm2": nominal["joint_armature_kgm2"] * sample["armature_scale"],
        "kp_nm_per_rad": nominal["kp_nm_per_rad"] * sample["kp_scale"],
        "kd_nms_per_rad": nominal["kd_nms_per_rad"] * sample["kd_scale"],
        "torque_limit_nm": nominal["torque_limit_nm"] * sample["torque_limit_scale"][:, None],
        "no_load_speed_radps": nominal["no_load_speed_radps"] * sample["supply_voltage_scale"][:, None],
        **{name: sample[name] for name in ("motor_strength", "dead_zone_rad", "action_delay_s", "foot_friction")},
        "restitution": sample["restitution"],
        "gravity_mps2": sample["gravity_mps2"][:, None] * [0.0, 0.0, -1.0],
    }
    assert held.keys() == expected.keys() == simulator.parameters.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(held[name], value, rtol=1e-6, err_msg=name)
    for robot in EVERYONE:
        model = simulator.batch.get_model(int(robot))
        np.testing.assert_allclose(model.body_mass[1:].sum(), mass[robot].sum(), rtol=1e-6)
        trunk = model.body(GO2.trunk.name)
        np.testing.assert_allclose(trunk.mass[0], mass[robot, TRUNK], rtol=1e-6)
        np.testing.assert_allclose(trunk.inertia, inertia[robot, TRUNK], rtol=1e-6)
        np.testing.assert_allclose(trunk.ipos, com[robot, TRUNK], rtol=1e-6)
        np.testing.assert_allclose(model.opt.gravity, expected["gravity_mps2"][robot], rtol=1e-6)
        np.testing.assert_allclose(model.geom("FL_foot").friction[0], sample["foot_friction"][robot], rtol=1e-6)
        np.testing.assert_allclose(model.dof_armature[6:], expected["joint_armature_kgm2"][robot], rtol=1e-6)
        np.testing.assert_allclose(model.dof_damping[6:], expected["joint_damping_nms_per_rad"][robot], rtol=1e-6)
        np.testing.assert_allclose(model.dof_frictionloss[6:], expected["joint_friction_nm"][robot], rtol=1e-6)
        np.testing.assert_allclose(model.actuator_forcerange[:, 1], expected["torque_limit_nm"][robot], rtol=1e-6)


def test_the_trunk_is_the_first_link(simulator):
    assert simulator.parameters["link_mass_kg"].nominal[TRUNK] == pytest.approx(GO2.trunk.inertial.mass_kg)


def test_every_parameter_reaches_the_engine(drawn, simulator):
    robots, _ = drawn
    assert_engine_agrees(robots, simulator)
    sample = sample_of(robots)
    for name, values in sample.items():
        assert len(np.unique(values, axis=0)) == N, f"{name} is the same for several robots"


def test_reset_changes_those_robots_only(drawn, simulator):
    robots, rng = drawn
    before, seen = sample_of(robots), robots.normalised.copy()
    robots.reset(np.array([1, 4]), rng)
    after = sample_of(robots)
    others = np.array([0, 2, 3, 5])
    for name, values in after.items():
        np.testing.assert_array_equal(values[others], before[name][others], err_msg=name)
        assert (values[[1, 4]] != before[name][[1, 4]]).any(), name
    np.testing.assert_array_equal(robots.normalised[others], seen[others])
    assert_engine_agrees(robots, simulator)


def test_payloads_change_the_trunk_and_what_the_critic_sees_of_it(drawn, simulator):
    robots, rng = drawn
    first, shown = sample_of(robots), robots.normalised.copy()
    changes = 0
    for _ in range(20):
        before = sample_of(robots)["base_mass_added_kg"]
        robots.step(0.02, rng)
        changes += (sample_of(robots)["base_mass_added_kg"] != before).sum()
    assert 3 < changes < 25
    now = sample_of(robots)
    for name, values in now.items():
        assert name == "base_mass_added_kg" or (values == first[name]).all(), name
    low, high = CONFIG.base_mass_added_kg
    assert (now["base_mass_added_kg"] >= low).all()
    assert (now["base_mass_added_kg"] <= high).all()
    assert_engine_agrees(robots, simulator)
    np.testing.assert_array_equal(robots.normalised[:, 1:], shown[:, 1:])
    expected = (now["base_mass_added_kg"] - 0.5 * (low + high)) / (0.5 * (high - low))
    np.testing.assert_allclose(robots.normalised[:, 0], expected, atol=1e-6)


def test_what_the_critic_sees_fills_its_range_and_stays_in_it(simulator):
    robots, rng = RandomizedRobots(CONFIG, simulator), Rng(0, xp)
    seen = []
    for _ in range(50):
        robots.reset(EVERYONE, rng)
        seen.append(robots.normalised.copy())
    everything = np.concatenate(seen)
    assert everything.dtype == np.float32
    assert everything.min(axis=0).max() < -0.95
    assert everything.max(axis=0).min() > 0.95
    assert abs(everything).max() <= 1.0


@pytest.mark.parametrize(
    "ranges",
    [{"action_delay_s": (0.05, 0.05)}, {"dead_zone_rad": (0.2, 0.2)}, {"restitution": (0.9, 0.9)}],
    ids=str,
)
def test_a_range_that_ends_on_a_bound_is_within_it(ranges):
    """What is drawn is float32, and float32's 0.05 is more than 0.05."""
    config = replace(CONFIG, **ranges)
    simulator = MujocoBatch(GO2, Terrain.flat(), 2, threads=1, max_action_delay_s=config.action_delay_s[1])
    RandomizedRobots(config, simulator).reset(np.arange(2), Rng(0, xp))
    ((name, (bound, _)),) = ranges.items()
    held = simulator.get_parameters(np.arange(2))[name]
    np.testing.assert_allclose(held, bound, rtol=1e-6)
    assert (held <= bound).all()


def test_state_goes_on_exactly(drawn, simulator):
    robots, rng = drawn
    other_simulator = MujocoBatch(GO2, Terrain.flat(), N, threads=1)
    other, other_rng = RandomizedRobots(CONFIG, other_simulator), Rng(0, xp)
    robots.step(0.02, rng)
    other.load_state_dict(robots.state_dict())
    other_rng.load_state_dict(rng.state_dict())
    other_simulator.restore(simulator.snapshot())
    for _ in range(15):
        robots.step(0.02, rng)
        other.step(0.02, other_rng)
    for name, value in robots.state_dict().items():
        np.testing.assert_array_equal(value, other.state_dict()[name], err_msg=name)
    assert_engine_agrees(other, other_simulator)


def test_a_state_of_other_robots_is_refused(drawn):
    robots, _ = drawn
    fewer = RandomizedRobots(CONFIG, MujocoBatch(GO2, Terrain.flat(), 2, threads=1))
    with pytest.raises(SurefootError, match="base_mass_added_kg should have shape"):
        fewer.load_state_dict(robots.state_dict())
