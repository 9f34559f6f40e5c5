import math

import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_safety.command import JointTarget
from surefoot_training.simulated.config import Power, parse_world
from surefoot_training.simulated.motors import Energy, MotorBank

GO2 = load_robot("go2")
STILL = (0.0,) * 12
NOWHERE = np.zeros(12)


def bank(**truth):
    return MotorBank(GO2, parse_world({"truth": {"action_delay_s": 0.0, **truth}}, GO2, "test"))


def law(position=STILL, velocity=STILL, torque=STILL, kp=0.0, kd=0.0):
    return JointTarget(position, velocity, torque, (kp,) * 12, (kd,) * 12)


def at_speed(radps):
    return np.full(12, radps)


def test_the_law():
    motors = bank()
    motors.write(law((0.1,) * 12, (0.5,) * 12, (1.0,) * 12, 20.0, 2.0), 0.0)
    given = motors.torque_nm(0.0, np.full(12, 0.05), at_speed(0.25))
    np.testing.assert_allclose(given, 20.0 * 0.05 + 2.0 * 0.25 + 1.0)


def test_targets_act_after_the_delay():
    motors = bank(action_delay_s=0.005)
    motors.write(law(torque=(1.0,) * 12), 0.0)
    motors.write(law(torque=(2.0,) * 12), 0.002)
    given = [motors.torque_nm(time_s, NOWHERE, NOWHERE)[0] for time_s in (0.004, 0.005, 0.006, 0.007)]
    assert given == [0.0, 1.0, 1.0, 2.0]


def test_without_commands_they_brake():
    motors = bank()
    assert motors.timed_out
    motors.write(law(torque=(1.0,) * 12), 0.0)
    assert motors.torque_nm(0.1, NOWHERE, NOWHERE)[0] == 1.0
    assert not motors.timed_out
    assert motors.torque_nm(0.101, NOWHERE, at_speed(2.0))[0] == -6.0  # kd 3
    assert motors.timed_out
    motors.write(law(torque=(1.0,) * 12), 0.2)
    assert motors.torque_nm(0.2, NOWHERE, NOWHERE)[0] == 1.0


@pytest.mark.parametrize(
    ("asked", "speed", "given"),
    [
        (100.0, 0.0, 23.7),
        (100.0, 10.6, 23.7),
        (100.0, 20.35, 11.85),  # half way from 10.6 to 30.1
        (100.0, 30.1, 0.0),
        (100.0, 40.0, 0.0),
        (-100.0, 20.35, -23.7),  # it brakes with all it has
        (-100.0, -20.35, -11.85),
        (100.0, -20.35, 23.7),
    ],
)
def test_torque_falls_with_speed(asked, speed, given):
    motors = bank()
    motors.write(law(torque=(asked,) * 12), 0.0)
    assert motors.torque_nm(0.0, NOWHERE, at_speed(speed))[0] == pytest.approx(given, abs=1e-9)


def test_hidden_truths():
    motors = bank(motor_strength=0.8, encoder_offset_rad=0.1)
    motors.write(law((0.3,) * 12, kp=10.0), 0.0)
    np.testing.assert_allclose(motors.torque_nm(0.0, NOWHERE, NOWHERE), 0.8 * 10.0 * 0.2)


def test_the_battery_empties_and_sags():
    energy = Energy(Power(), 12)
    full_v = energy.voltage_v
    assert full_v == pytest.approx(25.0 + 0.9 * 8.2)
    energy.spend(at_speed(10.0), at_speed(5.0), 1.0)
    sagging_v = energy.voltage_v
    assert sagging_v < full_v
    energy.spend(NOWHERE, NOWHERE, 3600.0)
    assert energy.voltage_v < full_v
    for _ in range(200):
        energy.spend(at_speed(20.0), at_speed(10.0), 600.0)
    assert 10.0 < energy.voltage_v < 25.0  # empty, and under a load of some kW


def test_motors_warm_up_towards_what_their_heat_allows():
    energy = Energy(Power(), 12)
    torque = np.zeros(12)
    torque[3] = 6.4  # 10 A in 0.1 Ω are 10 W, 20 °C above the air
    for _ in range(3000):
        energy.spend(torque, NOWHERE, 1.0)
    assert energy.temperature_c[3] == pytest.approx(45.0, abs=0.1)
    assert energy.temperature_c[0] == 25.0
    energy = Energy(Power(), 12)
    for _ in range(300):
        energy.spend(torque, NOWHERE, 1.0)
    assert energy.temperature_c[3] == pytest.approx(25.0 + 20.0 * (1.0 - math.exp(-1.0)), abs=0.1)
