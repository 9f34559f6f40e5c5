"""The trunk's equations of motion, against the engine's own forward dynamics, and a robot that only stands."""

import dataclasses

import mujoco
import numpy as np
import pytest

from surefoot_calibration.air.parameters import KINDS, nominal_parameters
from surefoot_calibration.ground.balance import Known, balance_of, contacts_of, skew, wrench_of
from surefoot_calibration.ground.motion import Motion
from surefoot_calibration.ground.synthetic import hidden_robot
from surefoot_robots.loader import load_robot
from surefoot_robots.model import ModelOptions, build_model

GO2 = load_robot("go2")
OWN = nominal_parameters(GO2)
BARE = Known(
    dataclasses.replace(OWN, friction_nm=np.zeros(12), damping_nms_per_rad=np.zeros(12), action_delay_s=0.0),
    np.zeros(3),
)
LEVER = np.array(GO2.imu.position_in_base_m)


def motion(rows):
    """From one mapping of fields for each moment."""
    zero = {
        **dict.fromkeys(
            ("angle_rad", "speed_radps", "acceleration_radps2", "asked_nm", "asked_later_nm"), np.zeros(12)
        ),
        **dict.fromkeys(("turn_radps", "turn_growth_radps2"), np.zeros(3)),
        "force_mps2": np.array([0.0, 0.0, 9.81]),
        "down": np.array([0.0, 0.0, -1.0]),
        "sliding": np.zeros(12),
        "doubt": np.zeros(12),
    }
    fields = {name: np.stack([{**zero, **row}[name] for row in rows]) for name in zero}
    return Motion(stamp_s=np.arange(len(rows)) / 200.0, stretch=np.zeros(len(rows), dtype=np.intp), **fields)


def simulated(trunk, seed):
    """A moment of a robot that floats, pushed at its feet: the engine says how it is accelerated."""
    rng = np.random.default_rng(seed)
    robot = dataclasses.replace(GO2, trunk=dataclasses.replace(GO2.trunk, inertial=trunk))
    spec = build_model(robot, ModelOptions(ground="none", self_collision="none", sensors=False, action_delay_s=0.0))
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_CONSTRAINT | mujoco.mjtDisableBit.mjDSBL_ACTUATION)
    model = spec.compile()
    model.dof_damping[:] = 0.0
    data = mujoco.MjData(model)
    angle, speed, turn = GO2.default_joint_position_rad + 0.1, rng.standard_normal(12), rng.standard_normal(3)
    data.qpos[7:], data.qvel[3:6], data.qvel[6:] = angle, turn, speed
    mujoco.mj_kinematics(model, data)
    mujoco.mj_comPos(model, data)
    torque, force, push = 5.0 * rng.standard_normal(12), 40.0 * rng.standard_normal((4, 3)), np.zeros(18)
    for leg, own in zip(GO2.legs, force, strict=True):
        point = data.geom(leg.foot.name).xpos - [0.0, 0.0, leg.foot.radius_m]
        mujoco.mj_applyFT(model, data, own, np.zeros(3), point, model.body(leg.links[2].name).id, push)
    data.qfrc_applied[:] = push
    data.qfrc_applied[6:] += torque
    mujoco.mj_forward(model, data)
    felt = data.qacc[:3] + [0.0, 0.0, 9.81]
    growth = data.qacc[3:6].copy()
    at_imu = felt + np.cross(growth, LEVER) + np.cross(turn, np.cross(turn, LEVER))
    row = {"angle_rad": angle, "speed_radps": speed, "acceleration_radps2": data.qacc[6:].copy(), "asked_nm": torque}
    return {**row, "turn_radps": turn, "turn_growth_radps2": growth, "force_mps2": at_imu}, force


def test_nothing_is_left_of_the_engines_own_motion():
    trunk = hidden_robot(GO2, 1).ground.trunk
    rows, forces = zip(*(simulated(trunk, seed) for seed in range(5)), strict=True)
    balance = balance_of(GO2, motion(rows), BARE)
    np.testing.assert_allclose(balance.foot_force_n, forces, atol=1e-6)
    np.testing.assert_allclose(wrench_of(trunk, balance), 0.0, atol=1e-6)
    # Another trunk does not fit: half a kilogram more needs so much more of what is felt.
    heavier = dataclasses.replace(trunk, mass_kg=trunk.mass_kg + 0.5)
    assert np.abs(wrench_of(heavier, balance)).max() > 4.0


def test_a_robot_that_stands_carries_its_weight():
    """Torques that hold feet which press on the ground with a quarter of the weight each, straight down."""
    weight = GO2.total_mass_kg * 9.81
    angle = np.tile([0.0, 0.8, -1.6], 4)
    feet = GO2.kinematics.foot_jacobian_in_base(angle)
    legs = motion([{"angle_rad": angle}])
    # Without torques, feet push with whatever holds the legs; each newton of load then takes -Jᵀ f.
    hanging = balance_of(GO2, legs, BARE).foot_force_n[0]
    force = np.tile([0.0, 0.0, weight / 4.0], (4, 1)) - hanging
    torque = -np.einsum("lij,li->lj", feet, force).ravel()
    # Points right below the centres of the feet: a vertical force has the same moment about every joint.
    standing = balance_of(GO2, motion([{"angle_rad": angle, "asked_nm": torque}]), BARE)
    assert standing.foot_force_n[0, :, 2].sum() == pytest.approx(weight, rel=0.02)
    trunk_weight = GO2.trunk.inertial.mass_kg * 9.81
    assert standing.others[0, 2] == pytest.approx(trunk_weight, rel=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_slopes_are_those_of_what_pushes_the_trunk(kind):
    row, _ = simulated(GO2.trunk.inertial, 7)
    moving = motion([{**row, "sliding": np.tanh(row["speed_radps"])}])
    balance = balance_of(GO2, moving, BARE)
    table = BARE.joints.table.copy()
    table[KINDS.index(kind), 4] += 1e-4
    moved = Known.of_vector(np.concatenate((table.ravel(), [0.0], np.zeros(3))))
    change = (balance_of(GO2, moving, moved).others - balance.others)[0] / 1e-4
    place = KINDS.index(kind) * 12 + 4
    np.testing.assert_allclose(balance.slopes[0, :, place], change, rtol=0.02, atol=0.02 * np.abs(change).max())
    assert np.abs(change).max() > 0.1


def test_known_goes_into_a_vector_and_back():
    known = Known(OWN, np.array([0.1, -0.2, 0.3]))
    again = Known.of_vector(known.vector)
    np.testing.assert_array_equal(again.joints.table, OWN.table)
    assert again.joints.action_delay_s == OWN.action_delay_s
    np.testing.assert_array_equal(again.force_bias_mps2, known.force_bias_mps2)


def test_points_of_feet_move_with_the_knee_as_a_rolling_ball_would_not():
    """A calf that turns at 1 rad/s moves the lowest point of its foot by the whole length from the knee down."""
    angle = np.tile([0.0, 0.0, -1.0], 4)
    speed = np.zeros(12)
    speed[2] = 1.0
    contacts = contacts_of(GO2, motion([{"angle_rad": angle, "speed_radps": speed}]), BARE)
    foot = GO2.legs[0].foot
    below = np.array([[np.cos(-1.0), 0.0, np.sin(-1.0)], [0.0, 1.0, 0.0], [-np.sin(-1.0), 0.0, np.cos(-1.0)]]) @ (
        np.array(foot.position_in_calf_m)
    ) - [0.0, 0.0, foot.radius_m]
    np.testing.assert_allclose(contacts.velocity_mps[0, 0], np.cross([0.0, 1.0, 0.0], below), atol=1e-9)
    np.testing.assert_allclose(contacts.velocity_mps[0, 1:], 0.0, atol=1e-12)


def test_skew_is_the_cross_product():
    one, other = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])
    np.testing.assert_allclose(skew(one) @ other, np.cross(one, other))
