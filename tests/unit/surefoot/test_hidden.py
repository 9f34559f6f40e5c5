"""The robot that logs are made of is the one that policies are examined on."""

import pytest

from surefoot.identifying.hidden import hidden_robot_of
from surefoot_calibration.air.parameters import KINDS
from surefoot_robots.loader import load_robot
from surefoot_training.simulated.config import Truth

GO2 = load_robot("go2")


def test_a_heavier_weaker_and_later_robot():
    own, strengths = GO2.trunk.inertial, tuple(0.7 + 0.01 * joint for joint in range(12))
    truth = Truth(base_mass_kg=1.5 * own.mass_kg, base_com_x_m=0.04, motor_strength=strengths, action_delay_s=0.021)

    hidden = hidden_robot_of(GO2, truth)

    trunk = hidden.ground.trunk
    assert trunk.mass_kg == pytest.approx(1.5 * own.mass_kg)
    assert trunk.com_m == (0.04, *own.com_m[1:])
    assert trunk.inertia_kgm2.xx == pytest.approx(1.5 * own.inertia_kgm2.xx)  # spread as the file's
    assert hidden.ground.foot_friction == GO2.foot_friction
    assert hidden.joints.action_delay_s == 0.021
    assert hidden.joints.motor_strength == pytest.approx(strengths)
    armature = hidden.joints.table[KINDS.index("armature_kgm2")]
    assert armature == pytest.approx(GO2.armature_kgm2)
