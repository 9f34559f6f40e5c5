import math
from dataclasses import replace

import numpy as np
import pytest

from surefoot_robots.drivers.driver import Sample
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.state import gravity_in_base
from surefoot_training.simulated.faults import SIZES, FaultKind, Faults, make_fault

NAMES = load_robot("go2").joint_names


def sample(number):
    values = tuple(float(number) + 0.01 * joint for joint in range(12))
    gyro = (0.1 * number, 0.0, 0.0)
    return Sample(
        0.01 * number, values, values, values, (1.0, 0.0, 0.0, 0.0), gyro, (0.0, 0.0, 9.0 + number),
        motor_temperature_c=(30.0,) * 12, battery_voltage_v=31.0,
    )  # fmt: skip


def faulty(kind, size=None, joint=None, until_s=math.inf):
    faults = Faults(np.random.default_rng(0))
    faults.set(make_fault(kind, size, joint, until_s, NAMES))
    return faults


def test_without_faults_a_sample_is_as_it_is():
    assert Faults(np.random.default_rng(0)).seen(sample(3)) == sample(3)


def test_imu_frozen():
    faults = faulty("imu-frozen")
    first, second = faults.seen(sample(1)), faults.seen(sample(2))
    assert first == sample(1)
    assert second.angular_velocity_in_base_radps == first.angular_velocity_in_base_radps
    assert second.acceleration_in_base_mps2 == first.acceleration_in_base_mps2
    assert second.joint_position_rad == sample(2).joint_position_rad


def test_imu_nan():
    seen = faulty("imu-nan").seen(sample(1))
    for field in ("orientation_wxyz", "angular_velocity_in_base_radps", "acceleration_in_base_mps2"):
        assert all(math.isnan(value) for value in getattr(seen, field))


def test_imu_flipped_and_jumped():
    flipped = faulty("imu-flipped").seen(sample(1))
    assert gravity_in_base(flipped.orientation_wxyz) == pytest.approx((0.0, 0.0, 1.0))
    jumped = faulty("imu-jump", 0.3).seen(sample(1))
    assert gravity_in_base(jumped.orientation_wxyz) == pytest.approx((0.0, -math.sin(0.3), -math.cos(0.3)))
    assert math.hypot(*jumped.orientation_wxyz) == pytest.approx(1.0)


@pytest.mark.parametrize(("kind", "field"), [("imu-delayed", "angular_velocity_in_base_radps"),
                                             ("encoder-delayed", "joint_position_rad")])  # fmt: skip
def test_delays(kind, field):
    faults = faulty(kind, 0.03)
    seen = [faults.seen(sample(number)) for number in range(8)]
    assert getattr(seen[1], field) == getattr(sample(0), field)
    assert getattr(seen[7], field) == getattr(sample(4), field)
    assert seen[7].stamp_s == sample(7).stamp_s


def test_an_encoder_frozen_leaves_its_speed_and_the_others():
    faults = faulty("encoder-frozen", joint="FR_hip_joint")
    faults.seen(sample(1))
    seen = faults.seen(sample(2))
    expected = list(sample(2).joint_position_rad)
    expected[3] = sample(1).joint_position_rad[3]
    assert seen.joint_position_rad == tuple(expected)
    assert seen.joint_velocity_radps == sample(2).joint_velocity_radps


def test_encoders_nan_and_jumped():
    seen = faulty("encoder-nan", joint="FL_hip_joint").seen(sample(1))
    assert [math.isnan(value) for value in seen.joint_position_rad] == [True] + [False] * 11
    assert all(math.isnan(value) for value in faulty("encoder-nan").seen(sample(1)).joint_position_rad)
    jumped = faulty("encoder-jump", 0.2, "RR_calf_joint").seen(sample(1))
    assert jumped.joint_position_rad[11] == pytest.approx(sample(1).joint_position_rad[11] + 0.2)


def test_samples_frozen_have_new_stamps():
    faults = faulty("samples-frozen")
    faults.seen(sample(1))
    assert faults.seen(sample(2)) == replace(sample(1), stamp_s=sample(2).stamp_s)


def test_samples_dropped_and_delayed():
    faults = faulty("samples-dropped", 0.3)
    lost = sum(faults.seen(sample(number)) is None for number in range(2000))
    assert 500 < lost < 700
    assert faulty("samples-delayed", 0.2).delay_s() == 0.2
    assert faults.delay_s() == 0.0


def test_battery_and_motors():
    assert faulty("battery-empty").seen(sample(1)).battery_voltage_v == 20.0
    hot = faulty("motor-hot", joint="FL_calf_joint").seen(sample(1))
    assert hot.motor_temperature_c == (30.0, 30.0, 100.0) + (30.0,) * 9
    unknown = faulty("motor-hot", 90.0).seen(replace(sample(1), motor_temperature_c=None))
    assert unknown.motor_temperature_c == (90.0,) * 12
    assert faulty("robot-fault").seen(sample(1)).faults == ("a fault was injected",)
    assert faulty("motor-dead", joint="FL_calf_joint").dead_motors(0.0) == (2,)
    assert faulty("motor-dead").dead_motors(0.0) == ()
    assert faulty("imu-nan").dead_motors(0.0) is None


def test_faults_end():
    faults = faulty("battery-empty", until_s=0.05)
    assert faults.seen(sample(4)).battery_voltage_v == 20.0
    assert faults.seen(sample(5)).battery_voltage_v == 31.0
    assert faults.names == ()
    faults = faulty("imu-nan")
    faults.set(make_fault("robot-fault", None, None, math.inf, NAMES))
    assert faults.names == ("imu-nan", "robot-fault")
    faults.clear()
    assert faults.seen(sample(1)) == sample(1)


@pytest.mark.parametrize("kind", FaultKind)
def test_every_fault_can_be_made_and_does_not_break_a_sample(kind):
    faults = faulty(kind.value)
    for number in range(3):
        seen = faults.seen(sample(number))
        assert seen is None or len(seen.joint_position_rad) == 12


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("wings-lost", None, None), "fault 'wings-lost' is unknown: one of imu-frozen"),
        (("imu-nan", None, "FL_hip_joint"), "this fault is of no joint"),
        (("encoder-nan", None, "tail"), "joint 'tail' is not valid: must be one of FL_hip_joint"),
        (("imu-nan", 1.0, None), "size 1 is not valid: must be absent"),
        (("samples-dropped", 1.5, None), "size 1.5 is not valid: must be within 0 to 1 share"),
        (("samples-dropped", math.nan, None), "size nan is not valid"),
    ],
)
def test_what_cannot_be_is_refused(asked, message):
    kind, size, joint = asked
    with pytest.raises(SurefootError, match=message):
        make_fault(kind, size, joint, math.inf, NAMES)


def test_sizes_contain_their_defaults():
    for kind, size in SIZES.items():
        assert size.low <= size.default <= size.high, kind
