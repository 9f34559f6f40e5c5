import dataclasses

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.randomization import (
    CRITIC_PARAMETERS,
    PayloadChanges,
    RandomizationConfig,
    normalised,
    sample,
    sample_start,
)
from surefoot_training.task.settings import rows

SHAPES = {
    "base_mass_added_kg": (),
    "link_mass_scale": (13,),
    "link_inertia_scale": (13,),
    "base_com_shift_m": (3,),
    "joint_friction_scale": (12,),
    "joint_damping_scale": (12,),
    "armature_scale": (12,),
    "kp_scale": (12,),
    "kd_scale": (12,),
    "motor_strength": (12,),
    "torque_limit_scale": (),
    "supply_voltage_scale": (),
    "dead_zone_rad": (12,),
    "action_delay_s": (),
    "foot_friction": (),
    "restitution": (),
    "gravity_mps2": (),
}
START_SHAPES = {
    "initial_joint_offset_rad": (12,),
    "initial_joint_velocity_radps": (12,),
    "initial_position_m": (2,),
    "initial_height_added_m": (),
    "initial_tilt_rad": (2,),
    "initial_yaw_rad": (),
    "initial_velocity_mps": (3,),
    "initial_angular_velocity_radps": (3,),
}
CONFIG = RandomizationConfig()


@pytest.mark.parametrize(("draw", "shapes"), [(sample, SHAPES), (sample_start, START_SHAPES)])
def test_samples_have_one_row_per_robot_in_host_memory(xp, draw, shapes):
    drawn = draw(CONFIG, 7, Rng(0, xp))
    assert {name: values.shape[1:] for name, values in drawn.items()} == shapes
    for values in drawn.values():
        assert isinstance(values, np.ndarray)
        assert len(values) == 7
        assert values.dtype == np.float32


def test_every_range_is_drawn_from_end_to_end(xp):
    drawn = {**sample(CONFIG, 4000, Rng(0, xp)), **sample_start(CONFIG, 4000, Rng(1, xp))}
    for name in drawn.keys() - {"base_com_shift_m", "gravity_mps2"}:
        low, high = getattr(CONFIG, name)
        assert drawn[name].min() >= np.float32(low), name
        assert drawn[name].max() <= np.float32(high), name
        np.testing.assert_allclose(drawn[name].min(0), low, atol=0.02 * (high - low), err_msg=name)
        np.testing.assert_allclose(drawn[name].max(0), high, atol=0.02 * (high - low), err_msg=name)


def test_every_range_of_the_configuration_has_an_effect():
    def everything(config):
        drawn = {**sample(config, 3, Rng(0, np)), **sample_start(config, 3, Rng(0, np))}
        return {name: values.tolist() for name, values in drawn.items()}

    for row in rows(CONFIG):
        if row.name.startswith("payload_"):
            continue  # PayloadChanges, below
        narrow = dataclasses.replace(CONFIG, **{row.name: (row.low, row.low)})
        assert everything(narrow) != everything(CONFIG), row.name


def test_centre_of_mass_has_a_range_per_axis():
    config = dataclasses.replace(
        CONFIG, base_com_shift_x_m=(0.1, 0.1), base_com_shift_y_m=(0.2, 0.2), base_com_shift_z_m=(0.3, 0.3)
    )
    np.testing.assert_allclose(sample(config, 1, Rng(0, np))["base_com_shift_m"], [[0.1, 0.2, 0.3]], rtol=1e-6)


def test_gravity_errs_around_the_nominal():
    nominal = dataclasses.replace(CONFIG, gravity_error_mps2=(0.0, 0.0))
    np.testing.assert_allclose(sample(nominal, 1, Rng(0, np))["gravity_mps2"], [9.81], rtol=1e-6)
    drawn = sample(CONFIG, 2000, Rng(0, np))["gravity_mps2"] - np.float32(9.81)
    assert abs(drawn).max() <= 0.5 + 1e-5
    assert drawn.min() < -0.49
    assert drawn.max() > 0.49


def test_robots_with_other_numbers_of_joints_and_links():
    drawn = sample(CONFIG, 2, Rng(0, np), joints=8, links=9)
    assert drawn["kp_scale"].shape == (2, 8)
    assert drawn["link_mass_scale"].shape == (2, 9)
    assert sample_start(CONFIG, 2, Rng(0, np), joints=8)["initial_joint_offset_rad"].shape == (2, 8)


class TestNormalised:
    def test_is_minus_one_to_one_over_each_range(self):
        drawn = {
            "base_mass_added_kg": np.float32([-1.0, 1.0, 3.0]),
            "base_com_shift_m": np.float32([[-0.05, 0.05, 0.03], [0, 0, 0], [0, 0.025, -0.03]]),
            "gravity_mps2": np.float32([9.31, 9.81, 10.06]),
        }
        np.testing.assert_allclose(
            normalised(drawn, CONFIG, ("base_mass_added_kg", "base_com_shift_m", "gravity_mps2")),
            [[-1, -1, 1, 1, -1], [0, 0, 0, 0, 0], [1, 0, 0.5, -1, 0.5]],
            atol=1e-5,
        )

    def test_is_zero_where_nothing_varies(self):
        config = dataclasses.replace(CONFIG, foot_friction=(0.8, 0.8))
        values = normalised(sample(config, 3, Rng(0, np)), config, ("foot_friction", "restitution"))
        assert values[:, 0].tolist() == [0, 0, 0]
        assert values[:, 1].all()

    @pytest.mark.parametrize("names", [CRITIC_PARAMETERS, tuple(SHAPES)])
    def test_of_a_sample_stays_within_bounds(self, names):
        values = normalised(sample(CONFIG, 500, Rng(0, np)), CONFIG, names)
        assert values.dtype == np.float32
        assert values.shape[1] == sum(int(np.prod(SHAPES[name])) for name in names)
        assert abs(values).max() <= 1 + 1e-4
        assert (abs(values).max(0) > 0.95).all()

    def test_refuses_an_unknown_name(self):
        with pytest.raises(SurefootError, match="no randomized parameter 'frction'") as caught:
            normalised(sample(CONFIG, 1, Rng(0, np)), CONFIG, ("frction",))
        assert "foot_friction" in caught.value.hint


class TestPayloadChanges:
    FREQUENT = RandomizationConfig(
        payload_interval_s=(0.1, 0.2), payload_change_share=1.0, base_mass_added_kg=(-1.0, 2.0)
    )

    def test_come_at_their_intervals_with_masses_of_the_range(self, xp):
        payload, rng = PayloadChanges(self.FREQUENT, 20, xp), Rng(0, xp)
        payload.reset(xp.arange(20), rng)
        steps, masses = [[] for _ in range(20)], []
        for step in range(200):
            ids, added_kg = payload.step(0.02, rng)
            assert len(ids) == len(added_kg)
            masses += added_kg.tolist()
            for robot in to_numpy(ids):
                steps[robot].append(step)
        assert min(masses) >= -1
        assert max(masses) <= 2
        assert np.mean(masses) == pytest.approx(0.5, abs=0.1)
        for each in steps:
            between_s = np.diff(each) * 0.02
            assert between_s.min() >= 0.1 - 1e-6
            assert between_s.max() <= 0.2 + 0.02 + 1e-6

    def test_happen_to_the_configured_share(self, xp):
        config = dataclasses.replace(self.FREQUENT, payload_change_share=0.25, payload_interval_s=(0.02, 0.02))
        payload, rng = PayloadChanges(config, 1000, xp), Rng(0, xp)
        payload.reset(xp.arange(1000), rng)
        assert len(payload.step(0.02, rng)[0]) / 1000 == pytest.approx(0.25, abs=0.04)

    def test_go_on_from_a_saved_state(self, xp):
        payload, rng = PayloadChanges(self.FREQUENT, 5, xp), Rng(0, xp)
        payload.reset(xp.arange(5), rng)
        payload.step(0.02, rng)
        resumed, its_rng = PayloadChanges(self.FREQUENT, 5, xp), Rng(1, xp)
        resumed.load_state_dict(payload.state_dict())
        its_rng.load_state_dict(rng.state_dict())
        for _ in range(30):
            (ids, added), (its_ids, its_added) = payload.step(0.02, rng), resumed.step(0.02, its_rng)
            assert to_numpy(ids).tolist() == to_numpy(its_ids).tolist()
            assert added.tolist() == its_added.tolist()


def test_every_range_says_its_unit_meaning_and_source():
    table = rows(CONFIG)
    assert {row.name for row in table} == {each.name for each in dataclasses.fields(CONFIG)} - {"measured"}
    for row in table:
        assert row.unit
        assert row.meaning
        assert row.source


@pytest.mark.parametrize("setting", [{"link_mass_scale": (0.0, 1.0)}, {"restitution": (0.0, 1.0)}])
def test_what_is_not_physical_is_refused(setting):
    with pytest.raises(SurefootError, match="is out of bounds"):
        RandomizationConfig(**setting)
