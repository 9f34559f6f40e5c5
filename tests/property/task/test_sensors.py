"""What holds for every measurement, whatever the truth and whatever is wrong with the sensors."""

import dataclasses

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.scan_sensor import ScanConfig
from surefoot_training.task.sensors import SensorConfig, SensorModel

DT, POINTS, ROBOTS = 0.02, 4, 3
TRUTH = ("angular_velocity_in_base", "gravity_in_base", "joint_position", "joint_velocity")
seeds = st.integers(0, 2**32 - 1)
small = st.floats(0, 0.5)


@st.composite
def configurations(draw):
    def spread():
        return tuple(sorted((draw(st.floats(-0.3, 0.3)), draw(st.floats(-0.3, 0.3)))))

    def latency(most_s):
        return tuple(sorted((draw(st.floats(0, most_s)), draw(st.floats(0, most_s)))))

    return SensorConfig(
        gyro_noise_radps=draw(small),
        gyro_bias_radps=spread(),
        gyro_drift_radps_per_sqrt_s=draw(small),
        gravity_noise=draw(small),
        tilt_bias_rad=spread(),
        tilt_drift_rad_per_sqrt_s=draw(small),
        encoder_noise_rad=draw(small),
        encoder_offset_rad=spread(),
        encoder_step_rad=draw(st.sampled_from([0.0, 1e-3, 0.1])),
        joint_speed_noise_radps=draw(small),
        imu_latency_s=latency(0.1),
        encoder_latency_s=latency(0.1),
        imu_drop_probability=draw(small),
        encoder_drop_probability=draw(small),
        scan=ScanConfig(latency_s=latency(0.1), drop_probability=draw(small), lost_share=draw(small)),
    )


def measure(model, quantities, rng, xp):
    measured = model.measure(
        **{name: xp.asarray(quantities[name]) for name in TRUTH},
        velocity_command=xp.asarray(quantities["velocity_command"]),
        height_scan_m=xp.asarray(quantities["height_scan_m"][:, :POINTS].copy()),
        rng=rng,
    )
    return {field.name: to_numpy(getattr(measured, field.name)) for field in dataclasses.fields(measured)}


def run(config, quantities_of, seed, steps, xp, *, spoil=None):
    model, rng = SensorModel(config, ROBOTS, 12, DT, xp, scan_points=POINTS), Rng(seed, xp)
    model.reset(xp.arange(ROBOTS), rng)
    seen = []
    for step in range(steps):
        quantities = quantities_of(seed + step, 1.0)
        if spoil is not None:
            for name in TRUTH:
                quantities[name][spoil] = np.nan
        seen.append(measure(model, quantities, rng, xp))
    return seen


@given(config=configurations(), seed=seeds)
@settings(max_examples=25)
def test_measurements_are_finite_float32_and_gravity_a_direction(xp, quantities_of, config, seed):
    for seen in run(config, quantities_of, seed, 8, xp):
        for name, values in seen.items():
            assert np.isfinite(values).all(), name
            assert values.dtype == (bool if name == "height_scan_valid" else np.float32), name
        np.testing.assert_allclose(np.linalg.norm(seen["gravity_in_base"], axis=-1), 1, atol=1e-4)
        assert not seen["height_scan_m"][~seen["height_scan_valid"]].any()


@given(config=configurations(), seed=seeds)
@settings(max_examples=15)
def test_same_seed_same_measurements(xp, quantities_of, config, seed):
    first, second = (run(config, quantities_of, seed, 5, xp) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        for name, values in one.items():
            assert values.tolist() == other[name].tolist(), name


@given(config=configurations(), seed=seeds)
@settings(max_examples=15)
def test_a_robot_whose_state_is_lost_shows_it_and_spoils_no_other(xp, quantities_of, config, seed):
    for seen in run(config, quantities_of, seed, 5, xp, spoil=1):
        for name in TRUTH:
            assert np.isnan(seen[name][1]).all(), name
            assert np.isfinite(seen[name][[0, 2]]).all(), name


@given(config=configurations(), seed=seeds)
@settings(max_examples=15)
def test_a_reset_robot_has_forgotten_what_was_lost(xp, quantities_of, config, seed):
    model, rng = SensorModel(config, ROBOTS, 12, DT, xp, scan_points=POINTS), Rng(seed, xp)
    model.reset(xp.arange(ROBOTS), rng)
    for step in range(8):
        quantities = quantities_of(seed + step, 1.0)
        if step < 4:
            for name in TRUTH:
                quantities[name][1] = np.nan
        if step == 4:
            model.reset(xp.asarray(np.array([1])), rng)
        seen = measure(model, quantities, rng, xp)
    assert all(np.isfinite(seen[name]).all() for name in TRUTH)
