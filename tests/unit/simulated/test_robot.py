"""The simulated robot with time injected: no clock, the same calls give the same bits."""

import json
import math

import mujoco
import numpy as np
import pytest

from surefoot_robots.loader import load_robot
from surefoot_robots.model import ModelOptions, PhysicsOptions, build_model
from surefoot_safety.command import JointTarget
from surefoot_training.simulated.config import parse_world
from surefoot_training.simulated.orders import obey
from surefoot_training.simulated.robot import LONGEST_LAG_S, MOST_STEPS, SimulatedRobot

GO2 = load_robot("go2")
STILL = (0.0,) * 12


def robot(**data):
    return SimulatedRobot(GO2, parse_world(data, GO2, "test"))


def hold(pose="lying"):
    angles = tuple(GO2.pose_rad(pose).tolist())
    return JointTarget(angles, STILL, STILL, (40.0,) * 12, (1.0,) * 12)


def run(made, seconds, targets=None, start_s=0.0):
    """Ticks of 1 ms, as a link gives them; the samples that came."""
    samples = []
    for tick in range(round(1000 * seconds)):
        now_s = start_s + 0.001 * tick
        if targets is not None:
            made.write(targets, now_s)
        sample = made.read(now_s)
        if sample is not None:
            samples.append(sample)
    return samples


def test_samples_come_at_their_rate_and_late_by_the_latency():
    made = robot()
    samples = run(made, 0.1)
    assert len(samples) == 49
    assert samples[1].stamp_s - samples[0].stamp_s == pytest.approx(0.002)


def test_the_same_calls_give_the_same_bits_and_another_seed_others():
    first, again, other = (run(robot(seed=seed), 0.05, hold()) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_it_stands_on_its_feet_when_its_motors_hold_it():
    made = robot(start_pose="default")
    last = run(made, 0.5, hold("default"))[-1]
    assert made.body.data.qpos[2] == pytest.approx(GO2.standing_height_m, abs=0.03)
    assert last.foot_contact == (True,) * 4
    assert last.acceleration_in_base_mps2[2] == pytest.approx(9.81, abs=0.5)
    assert sum(made.body.foot_force_n) == pytest.approx(9.81 * GO2.total_mass_kg, rel=0.1)
    assert not made.body.trunk_contact
    np.testing.assert_allclose(last.joint_position_rad, made.body.joint_position_rad, atol=0.002)


def test_it_sinks_when_nobody_tells_its_motors_anything():
    made = robot(start_pose="default")
    run(made, 0.6)
    assert made.motors.timed_out
    assert made.body.data.qpos[2] < 0.8 * GO2.standing_height_m


def test_a_held_trunk_stays_where_it_is_while_legs_swing():
    made = robot(start_pose="default", trunk="held", seed=3)
    height_m = made.body.data.qpos[2]
    samples = run(made, 0.4, hold("lying"))
    assert height_m - GO2.standing_height_m > 0.9
    np.testing.assert_allclose(made.body.data.qpos[:7], [0.0, 0.0, height_m, 1.0, 0.0, 0.0, 0.0], atol=1e-6)
    assert np.abs(made.body.joint_position_rad - GO2.pose_rad("default")).max() > 0.5
    assert samples[-1].foot_contact == (False,) * 4
    forces = np.array([sample.acceleration_in_base_mps2 for sample in samples])
    np.testing.assert_allclose(forces.mean(axis=0), [0.0, 0.0, 9.81], atol=0.05)


def test_joints_of_a_held_trunk_move_as_on_a_fixed_base():
    """A leg let go of swings by the engine's own equations of a robot whose trunk is part of the world."""
    made = robot(start_pose="default", trunk="held", motors={"timeout_kd_nms_per_rad": 0.0})
    run(made, 0.15)  # a little later legs meet
    options = ModelOptions(physics=PhysicsOptions(timestep_s=0.001), base="fixed", ground="none")
    spec = build_model(GO2, options)
    spec.option.disableflags |= int(mujoco.mjtDisableBit.mjDSBL_ACTUATION)
    model = spec.compile()
    data = mujoco.MjData(model)
    data.qpos[:] = GO2.pose_rad("default")
    for _ in range(round(1000 * made.body.data.time)):
        mujoco.mj_step(model, data)
    np.testing.assert_allclose(made.body.joint_position_rad, data.qpos, atol=1e-6)
    assert np.abs(data.qpos - GO2.pose_rad("default")).max() > 0.1


def test_feet_that_report_no_contact():
    (sample,) = run(robot(start_pose="default", sensors={"foot_contact": False}), 0.004)
    assert sample.foot_contact is None


def test_encoders_have_offset_and_steps():
    made = robot(truth={"encoder_offset_rad": 0.1}, sensors={"encoder_step_rad": 0.01, "encoder_noise_rad": 0.0})
    (sample,) = run(made, 0.004)
    np.testing.assert_allclose(np.array(sample.joint_position_rad) / 0.01 % 1.0 % 0.99999, 0.0, atol=1e-4)
    np.testing.assert_allclose(sample.joint_position_rad, made.body.joint_position_rad + 0.1, atol=0.0051)


def test_truths_reach_the_engine():
    made = robot(truth={"base_mass_kg": 9.0, "base_com_x_m": 0.05, "foot_friction": 0.3, "armature_kgm2": 0.02})
    model = made.body.model
    assert model.body_mass[1] == 9.0
    assert model.body_ipos[1, 0] == 0.05
    assert model.geom("FL_foot").friction[0] == 0.3
    np.testing.assert_array_equal(model.dof_armature[6:], 0.02)


@pytest.mark.parametrize(("kind", "height_m"), [("slope", 0.0), ("stairs_down", None)])
def test_it_stands_on_other_ground(kind, height_m):
    made = robot(start_pose="default", ground={"kind": kind, "slope_rad": 0.1, "level": 2})
    last = run(made, 0.3, hold("default"))[-1]
    assert any(last.foot_contact)
    assert made.body.blow_ups == 0
    if height_m is None:
        return
    w, _, y, _ = last.orientation_wxyz
    assert 2.0 * math.asin(y) == pytest.approx(-0.1, abs=0.05)  # nose up
    assert w > 0.9


def test_a_push_moves_it_to_where_it_is_pushed():
    made = robot(start_pose="default")
    run(made, 0.2, hold("default"))
    made.push(100.0, math.pi / 2.0, 0.1)
    run(made, 0.1, hold("default"), 0.2)
    assert made.body.data.qvel[1] > 0.2
    assert abs(made.body.data.qvel[0]) < 0.1


def test_a_process_that_was_held_up_catches_up_in_portions():
    made = robot()
    made.read(0.0)
    made.read(1.0)
    assert made.time_s == pytest.approx(0.001 * MOST_STEPS)
    for _ in range(50):
        made.read(1.0)
    assert made.time_s == pytest.approx(1.0)
    made.read(1.0 + LONGEST_LAG_S + 2.0)
    assert made.let_go_s == pytest.approx(2.0)


def test_dead_motors_give_nothing():
    made = robot(start_pose="default")
    run(made, 0.1, hold("default"))
    assert obey(made, b'{"order": "fault", "kind": "motor-dead", "joint": "FL_calf_joint"}')
    run(made, 0.01, hold("default"), 0.1)
    assert made.torque_nm[2] == 0.0
    assert made.torque_nm[5] != 0.0
    obey(made, b'{"order": "fault", "kind": "motor-dead"}')
    run(made, 0.01, hold("default"), 0.11)
    assert not made.torque_nm.any()


def test_a_simulation_that_blows_up_starts_anew():
    made = robot()
    run(made, 0.01)
    made.body.data.qvel[3] = math.nan
    run(made, 0.05, None, 0.01)
    assert made.body.blow_ups >= 1
    assert np.isfinite(made.body.data.qpos).all()


def ordered(made, **order):
    return json.loads(obey(made, json.dumps(order).encode()))


def test_orders():
    made = robot()
    run(made, 0.01)
    assert ordered(made, order="push", force_n=50.0, direction_rad=0.0, duration_s=0.1) == {
        "done": "a push of 50 N for 0.1 s"
    }
    assert ordered(made, order="fault", kind="imu-nan", for_s=1.0) == {"done": "imu-nan for 1 s"}
    assert ordered(made, order="fault", kind="samples-dropped", size=0.5) == {"done": "samples-dropped until cleared"}
    assert made.faults.names == ("imu-nan", "samples-dropped")
    assert ordered(made, order="clear") == {"done": "cleared: imu-nan, samples-dropped"}
    assert ordered(made, order="clear") == {"done": "cleared: nothing was wrong"}
    made.body.data.qpos[2] = 5.0
    assert ordered(made, order="place") == {"done": "back at the start, lying"}
    assert made.body.data.qpos[2] < 0.5


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"[1]",
        b'{"order": "fly"}',
        b'{"order": ["push"]}',
        b'{"order": "push"}',
        b'{"order": "push", "force_n": 1e9, "direction_rad": 0, "duration_s": 1}',
        b'{"order": "push", "force_n": NaN, "direction_rad": 0, "duration_s": 1}',
        b'{"order": "push", "force_n": true, "direction_rad": 0, "duration_s": 1}',
        b'{"order": "fault", "kind": 3}',
        b'{"order": "fault", "kind": "imu-nan", "joint": 3}',
        b'{"order": "fault", "kind": "imu-nan", "for_s": "x"}',
        b'{"order": "fault", "kind": "fly"}',
        b"[" * 3000,
    ],
)
def test_what_is_no_order_changes_nothing(message):
    made = robot()
    assert set(json.loads(obey(made, message))) == {"error"}
    assert made.faults.names == ()
