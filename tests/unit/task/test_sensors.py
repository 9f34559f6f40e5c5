import dataclasses
import math

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.scan_sensor import ScanConfig
from surefoot_training.task.sensors import SensorConfig, SensorModel

DT = 0.02
NONE = (0.0, 0.0)
NO_SCAN_ERRORS = ScanConfig(latency_s=NONE, noise_m=0.0, offset_m=NONE, drop_probability=0.0, lost_share=0.0)
PERFECT = SensorConfig(
    gyro_noise_radps=0.0,
    gyro_bias_radps=NONE,
    gyro_drift_radps_per_sqrt_s=0.0,
    gravity_noise=0.0,
    tilt_bias_rad=NONE,
    tilt_drift_rad_per_sqrt_s=0.0,
    encoder_noise_rad=0.0,
    encoder_offset_rad=NONE,
    encoder_step_rad=0.0,
    joint_speed_noise_radps=0.0,
    imu_latency_s=NONE,
    encoder_latency_s=NONE,
    imu_drop_probability=0.0,
    encoder_drop_probability=0.0,
    scan=NO_SCAN_ERRORS,
)


class Bench:
    """Sensors of one configuration, fed with what a test says the truth is."""

    def __init__(self, xp, robots=1, joints=12, seed=0, scan_points=0, **errors):
        self.xp, self.robots, self.joints, self.scan_points = xp, robots, joints, scan_points
        self.rng = Rng(seed, xp)
        config = dataclasses.replace(PERFECT, **errors)
        self.model = SensorModel(config, robots, joints, DT, xp, scan_points=scan_points)
        self.model.reset(xp.arange(robots), self.rng)

    def fill(self, value, width):
        """`value`, a number, a row or a whole array, as [robots, width]."""
        full = np.broadcast_to(np.asarray(value, dtype=np.float32), (self.robots, width)).copy()
        return self.xp.asarray(full)

    def look(self, *, gyro=0.0, gravity=(0.0, 0.0, -1.0), position=0.0, velocity=0.0, scan=0.0, ids=None):
        measured = self.model.measure(
            angular_velocity_in_base=self.fill(gyro, 3),
            gravity_in_base=self.fill(gravity, 3),
            joint_position=self.fill(position, self.joints),
            joint_velocity=self.fill(velocity, self.joints),
            velocity_command=self.fill(0.5, 3),
            height_scan_m=self.fill(scan, self.scan_points),
            rng=self.rng,
            ids=ids,
        )
        return {field.name: to_numpy(getattr(measured, field.name)) for field in dataclasses.fields(measured)}


def test_perfect_sensors_tell_the_truth(xp):
    bench = Bench(xp, robots=2, scan_points=3)
    for step in range(5):
        seen = bench.look(gyro=step, gravity=(0.6, 0.0, -0.8), position=0.1 * step, velocity=-step, scan=-0.3)
        assert (seen["angular_velocity_in_base"] == step).all()
        np.testing.assert_allclose(seen["gravity_in_base"], [[0.6, 0.0, -0.8]] * 2, rtol=1e-6)
        assert (seen["joint_position"] == np.float32(0.1 * step)).all()
        assert (seen["joint_velocity"] == -step).all()
        assert (seen["velocity_command"] == 0.5).all()
        assert (seen["height_scan_m"] == np.float32(-0.3)).all()
        assert seen["height_scan_valid"].all()


def test_measurements_are_float32_and_the_callers_to_keep(xp):
    bench = Bench(xp)
    first = bench.model.measure(
        angular_velocity_in_base=bench.fill(1.0, 3),
        gravity_in_base=bench.fill((0.0, 0.0, -1.0), 3),
        joint_position=bench.fill(0.0, 12),
        joint_velocity=bench.fill(0.0, 12),
        velocity_command=bench.fill(0.0, 3),
        height_scan_m=bench.fill(0.0, 0),
        rng=bench.rng,
    )
    bench.look(gyro=2.0)
    assert (to_numpy(first.angular_velocity_in_base) == 1.0).all()
    assert all(
        getattr(first, name).dtype == xp.float32
        for name in ("angular_velocity_in_base", "gravity_in_base", "joint_position", "joint_velocity", "height_scan_m")
    )


class TestLatency:
    @pytest.mark.parametrize(
        ("latency_s", "expected"),
        [
            (0.0, [0, 1, 2, 3, 4, 5]),
            (0.005, [0, 0.75, 1.75, 2.75, 3.75, 4.75]),  # a quarter of a step: three quarters of the way
            (0.02, [0, 0, 1, 2, 3, 4]),
            (0.05, [0, 0, 0, 0.5, 1.5, 2.5]),  # two and a half steps
        ],
    )
    def test_interpolates_between_samples(self, xp, latency_s, expected):
        bench = Bench(xp, imu_latency_s=(latency_s, latency_s), encoder_latency_s=(latency_s, latency_s))
        seen = [bench.look(gyro=step, position=step, velocity=step) for step in range(6)]
        for name in ("angular_velocity_in_base", "joint_position", "joint_velocity"):
            np.testing.assert_allclose([each[name][0, 0] for each in seen], expected, atol=1e-4)

    def test_of_unit_and_encoders_are_their_own(self, xp):
        bench = Bench(xp, imu_latency_s=NONE, encoder_latency_s=(0.04, 0.04))
        seen = [bench.look(gyro=step, position=step) for step in range(4)]
        assert [each["angular_velocity_in_base"][0, 0] for each in seen] == [0, 1, 2, 3]
        assert [each["joint_position"][0, 0] for each in seen] == [0, 0, 0, 1]

    def test_differs_between_robots_and_stays_until_reset(self, xp):
        bench = Bench(xp, robots=200, imu_latency_s=(0.0, 0.06))
        for step in range(10):
            seen = bench.look(gyro=step)["angular_velocity_in_base"][:, 0]
        behind_s = (9 - seen) * DT
        assert behind_s.min() >= 0
        assert behind_s.max() <= 0.06 + 1e-5
        assert behind_s.std() > 0.01
        np.testing.assert_allclose(
            (10 - bench.look(gyro=10)["angular_velocity_in_base"][:, 0]) * DT, behind_s, atol=1e-5
        )

    def test_starts_from_the_first_sample_after_a_reset(self, xp, array):
        bench = Bench(xp, robots=2, imu_latency_s=(0.05, 0.05))
        for _ in range(5):
            bench.look(gyro=1.0)
        bench.model.reset(array([1]), bench.rng)
        assert bench.look(gyro=9.0)["angular_velocity_in_base"][:, 0].tolist() == [1.0, 9.0]


class TestInertialUnit:
    def test_bias_is_within_its_range_and_stays(self, xp):
        bench = Bench(xp, robots=300, gyro_bias_radps=(-0.02, 0.03))
        first, later = (bench.look(gyro=1.0)["angular_velocity_in_base"] - 1.0 for _ in range(2))
        assert first.min() >= -0.02 - 1e-6
        assert first.max() <= 0.03 + 1e-6
        assert first.std() > 0.01
        assert (first == later).all()

    def test_bias_wanders_with_the_square_root_of_time(self, xp):
        bench = Bench(xp, robots=2000, gyro_drift_radps_per_sqrt_s=0.01)
        for _ in range(50):  # 1 s
            seen = bench.look()["angular_velocity_in_base"]
        assert seen.std() == pytest.approx(0.01, rel=0.05)

    def test_noise_is_white_and_as_strong_as_configured(self, xp):
        bench = Bench(xp, robots=2000, gyro_noise_radps=0.2)
        first, second = (bench.look()["angular_velocity_in_base"].ravel() for _ in range(2))
        assert first.std() == pytest.approx(0.2, rel=0.05)
        assert abs(np.corrcoef(first, second)[0, 1]) < 0.05

    def test_gravity_stays_a_unit_vector(self, xp):
        bench = Bench(xp, robots=500, gravity_noise=0.2, tilt_bias_rad=(-0.3, 0.3))
        np.testing.assert_allclose(np.linalg.norm(bench.look()["gravity_in_base"], axis=-1), 1.0, rtol=1e-5)

    def test_tilt_bias_leans_the_horizon_by_its_angle(self, xp):
        bench = Bench(xp, tilt_bias_rad=(0.03, 0.03))
        # θ × (0, 0, −1) with θ = (0.03, 0.03, 0) is (−0.03, 0.03, 0).
        gravity = bench.look()["gravity_in_base"][0]
        length = math.sqrt(1 + 2 * 0.03**2)
        np.testing.assert_allclose(gravity, np.array([-0.03, 0.03, -1.0]) / length, atol=1e-6)

    def test_tilt_bias_of_a_robot_that_leans(self, xp):
        bench = Bench(xp, tilt_bias_rad=(0.03, 0.03))
        # θ × (0.6, 0, −0.8) = (−0.024, 0.024, −0.018)
        gravity = bench.look(gravity=(0.6, 0.0, -0.8))["gravity_in_base"][0]
        expected = np.array([0.576, 0.024, -0.818])
        np.testing.assert_allclose(gravity, expected / np.linalg.norm(expected), atol=1e-6)

    def test_tilt_wanders(self, xp):
        bench = Bench(xp, robots=2000, tilt_drift_rad_per_sqrt_s=0.01)
        for _ in range(50):
            gravity = bench.look()["gravity_in_base"]
        assert gravity[:, :2].std() == pytest.approx(0.01, rel=0.05)


class TestEncoders:
    def test_offset_moves_positions_but_not_speeds(self, xp):
        bench = Bench(xp, robots=100, encoder_offset_rad=(-0.01, 0.02))
        seen = bench.look(position=0.5, velocity=2.0)
        error = seen["joint_position"] - 0.5
        assert error.min() >= -0.01 - 1e-6
        assert error.max() <= 0.02 + 1e-6
        assert error.std() > 0.005
        assert (seen["joint_velocity"] == 2.0).all()

    def test_read_whole_steps(self, xp):
        bench = Bench(xp, encoder_step_rad=0.01)
        position = np.linspace(-0.03, 0.03, 12)
        seen = bench.look(position=position)["joint_position"][0]
        np.testing.assert_allclose(seen, np.round(position / 0.01) * 0.01, atol=1e-6)

    def test_speed_is_that_of_the_readings(self, xp):
        bench = Bench(xp, encoder_step_rad=0.01, joint_speed_window_s=0.02)
        # 0.2 rad/s: 0.004 rad per step of 0.02 s. Readings 0, 0, 0.01, 0.01, 0.02, 0.02.
        seen = [bench.look(position=0.004 * step, velocity=0.2)["joint_velocity"][0, 0] for step in range(6)]
        np.testing.assert_allclose(seen, [0.2, 0.0, 0.5, 0.0, 0.5, 0.0], atol=1e-4)

    def test_a_joint_at_rest_has_no_speed(self, xp):
        bench = Bench(xp, encoder_step_rad=0.01)
        for _ in range(3):
            assert (bench.look(position=0.1234)["joint_velocity"] == 0.0).all()

    def test_noise(self, xp):
        bench = Bench(xp, robots=500, encoder_noise_rad=0.01, joint_speed_noise_radps=0.5)
        seen = bench.look()
        assert seen["joint_position"].std() == pytest.approx(0.01, rel=0.05)
        assert seen["joint_velocity"].std() == pytest.approx(0.5, rel=0.05)


class TestLostSamples:
    def test_hold_the_last_value(self, xp):
        bench = Bench(xp, imu_drop_probability=1.0, encoder_drop_probability=1.0)
        first = bench.look(gyro=1.0, position=1.0, velocity=1.0)  # nothing to hold yet
        second = bench.look(gyro=2.0, gravity=(1.0, 0.0, 0.0), position=2.0, velocity=2.0)
        for name in ("angular_velocity_in_base", "gravity_in_base", "joint_position", "joint_velocity"):
            assert (first[name] == second[name]).all()
        assert (first["joint_position"] == 1.0).all()

    def test_are_as_frequent_as_configured(self, xp):
        bench = Bench(xp, robots=2000, imu_drop_probability=0.1, encoder_drop_probability=0.2)
        bench.look(gyro=0.0, position=0.0, velocity=0.0)
        seen = bench.look(gyro=1.0, position=1.0, velocity=1.0)
        assert 1 - seen["angular_velocity_in_base"].mean() == pytest.approx(0.1, abs=0.02)
        assert 1 - seen["joint_position"].mean() == pytest.approx(0.2, abs=0.02)

    def test_take_all_values_of_a_packet_at_once(self, xp):
        bench = Bench(xp, robots=500, imu_drop_probability=0.5, encoder_drop_probability=0.5)
        bench.look(gyro=0.0, gravity=(0.0, 0.0, -1.0))
        seen = bench.look(gyro=1.0, gravity=(1.0, 0.0, 0.0), position=1.0, velocity=1.0)
        arrived = seen["angular_velocity_in_base"][:, :1] == 1.0
        assert ((seen["angular_velocity_in_base"] == 1.0) == arrived).all()
        assert ((seen["gravity_in_base"][:, 0] == 1.0) == arrived[:, 0]).all()
        assert ((seen["joint_position"] == 1.0) == (seen["joint_velocity"] == 1.0)).all()


class TestFirstLookAfterAReset:
    def test_has_rows_of_those_robots_only_and_leaves_the_others_alone(self, xp, array):
        bench, undisturbed = (Bench(xp, robots=3, imu_latency_s=(0.04, 0.04)) for _ in range(2))
        for step in range(4):
            bench.look(gyro=step)
            undisturbed.look(gyro=step)
        bench.model.reset(array([1]), bench.rng)
        bench.robots = 1  # rows of what follows
        seen = bench.look(gyro=50.0, ids=array([1]))
        assert seen["angular_velocity_in_base"].tolist() == [[50.0] * 3]
        bench.robots = 3
        after = bench.look(gyro=[[4.0] * 3, [51.0] * 3, [4.0] * 3])["angular_velocity_in_base"][:, 0]
        others = undisturbed.look(gyro=4.0)["angular_velocity_in_base"][:, 0]
        assert after[[0, 2]].tolist() == others[[0, 2]].tolist() == [2.0, 2.0]
        assert after[1] == 50.0  # what it saw first was true a latency ago


def test_errors_are_fixed_at_reset_for_those_robots_only(xp, array):
    bench = Bench(xp, robots=3, gyro_bias_radps=(-1.0, 1.0), encoder_offset_rad=(-1.0, 1.0), tilt_bias_rad=(-0.5, 0.5))
    before = bench.look()
    bench.model.reset(array([2]), bench.rng)
    after = bench.look()
    for name in ("angular_velocity_in_base", "gravity_in_base", "joint_position"):
        assert (before[name][:2] == after[name][:2]).all()
        assert (before[name][2] != after[name][2]).any()


def test_default_sensors_go_on_exactly_from_a_saved_state(xp):
    def make(seed):
        model = SensorModel(SensorConfig(), 4, 12, DT, xp, scan_points=5)
        rng = Rng(seed, xp)
        model.reset(xp.arange(4), rng)
        return model, rng

    def look(model, rng, step):
        measured = model.measure(
            angular_velocity_in_base=xp.full((4, 3), 0.1 * step, dtype=xp.float32),
            gravity_in_base=xp.asarray(np.tile(np.float32([0.0, 0.6, -0.8]), (4, 1))),
            joint_position=xp.full((4, 12), 0.01 * step, dtype=xp.float32),
            joint_velocity=xp.full((4, 12), 0.5, dtype=xp.float32),
            velocity_command=xp.zeros((4, 3), dtype=xp.float32),
            height_scan_m=xp.full((4, 5), -0.3 + 0.01 * step, dtype=xp.float32),
            rng=rng,
        )
        return {field.name: to_numpy(getattr(measured, field.name)).tolist() for field in dataclasses.fields(measured)}

    model, rng = make(0)
    for step in range(7):
        look(model, rng, step)
    resumed, its_rng = make(1)
    resumed.load_state_dict(model.state_dict())
    its_rng.load_state_dict(rng.state_dict())
    for step in range(7, 20):
        assert look(resumed, its_rng, step) == look(model, rng, step)


def test_numpy_and_torch_measure_the_same():
    import array_api_compat.numpy
    import array_api_compat.torch

    seen = []
    for xp in (array_api_compat.numpy, array_api_compat.torch):
        bench = Bench(
            xp,
            robots=3,
            **{field.name: getattr(SensorConfig(), field.name) for field in dataclasses.fields(SensorConfig)},
        )
        seen.append([bench.look(gyro=step, position=0.1 * step) for step in range(5)])
    for numpy_step, torch_step in zip(*seen, strict=True):
        for name, values in numpy_step.items():
            np.testing.assert_allclose(values, torch_step[name], atol=5e-4)  # rounding may move a reading by a step


@pytest.mark.parametrize(
    ("setting", "problem"),
    [
        ({"imu_latency_s": (-0.01, 0.0)}, "imu_latency_s"),
        ({"encoder_drop_probability": 1.5}, "encoder_drop_probability 1.5 is out of bounds"),
        ({"gyro_noise_radps": -0.1}, "gyro_noise_radps -0.1 is out of bounds"),
    ],
)
def test_impossible_sensors_are_refused(setting, problem):
    with pytest.raises(SurefootError, match="SensorConfig: " + problem):
        SensorConfig(**setting)
