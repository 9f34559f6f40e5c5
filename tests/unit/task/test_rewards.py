"""Every reward term against numbers worked out by hand: one column of CASES per robot."""

import inspect
import math
from dataclasses import dataclass, field

import numpy as np
import pytest

from surefoot_training.task import rewards
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.terms import arguments_of

YES, NO = True, False
E1 = math.exp(-1.0)


def joints(**values):
    """Twelve zeros but for the joints given by index: 0 FL hip, 1 FL thigh, 2 FL calf, 3 FR hip and so on."""
    return [float(values.get(f"j{i}", 0.0)) for i in range(12)]


def feet(fl=(0.0, 0.0, 0.0), fr=(0.0, 0.0, 0.0), rl=(0.0, 0.0, 0.0), rr=(0.0, 0.0, 0.0)):
    return [list(map(float, foot)) for foot in (fl, fr, rl, rr)]


@dataclass(frozen=True)
class Case:
    inputs: dict  # quantity → one entry per robot
    expected: list  # one value per robot
    parameters: dict = field(default_factory=dict)


CASES = {
    "linear_velocity_tracking": [
        # Errors 0 and (0.3, −0.4): exp(0), exp(−0.25 / 0.25). Neither v_z nor the yaw rate counts.
        Case(
            {
                "base_velocity_in_base": [[1.0, 0.0, 0.3], [0.3, -0.4, 9.0]],
                "velocity_command": [[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]],
            },
            [1.0, E1],
        ),
        Case(  # error 1, σ 1
            {"base_velocity_in_base": [[0.0, 2.0, 0.0]], "velocity_command": [[0.0, 1.0, 0.0]]},
            [E1],
            {"sigma_mps": 1.0},
        ),
    ],
    "yaw_rate_tracking": [
        Case(
            {
                "angular_velocity_in_base": [[9.0, 9.0, 0.5], [0.0, 0.0, -1.0]],
                "velocity_command": [[0.0, 0.0, 1.0], [5.0, 5.0, -1.0]],
            },
            [E1, 1.0],
        ),
        Case(  # error 2, σ 2
            {"angular_velocity_in_base": [[0.0, 0.0, 2.0]], "velocity_command": [[0.0, 0.0, 0.0]]},
            [E1],
            {"sigma_radps": 2.0},
        ),
    ],
    "linear_progress": [
        # Along (0.6, 0.8): 0.3·0.6 + 0.4·0.8 = 0.5. Too fast by 0.2: 1 − 0.2. Backwards: 0. Asked to stand: 0.
        Case(
            {
                "base_velocity_in_base": [[0.3, 0.4, 9.0], [1.2, 0.0, 0.0], [-1.0, 0.0, 0.0], [1.0, 1.0, 0.0]],
                "velocity_command": [[0.6, 0.8, 9.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
            },
            [0.5, 0.8, 0.0, 0.0],
        )
    ],
    "yaw_progress": [
        Case(
            {
                "angular_velocity_in_base": [[0.0, 0.0, -0.4], [0.0, 0.0, 0.4], [9.0, 9.0, 1.25], [0.0, 0.0, 1.0]],
                "velocity_command": [[0.0, 0.0, -1.0], [0.0, 0.0, -1.0], [0.0, 0.0, 1.0], [1.0, 1.0, 0.0]],
            },
            [0.4, 0.0, 0.75, 0.0],
        )
    ],
    "gait_clock_contact": [
        # Phase 0.25, mid-stance of FL and RR: in step, out of step, all down, and told to stand with one foot up.
        Case(
            {
                "foot_contact": [[YES, NO, NO, YES], [NO, YES, YES, NO], [YES] * 4, [YES, YES, YES, NO]],
                "gait_phase": [0.25, 0.25, 0.25, 0.25],
                "standing": [NO, NO, NO, YES],
            },
            [1.0, 0.0, 0.5, 0.75],
        ),
        # Phase 0.025: FL and RR are 0.225 from mid-stance, (0.25 − 0.225) / 0.1 + 0.5 = 0.75 up the ramp,
        # smoothed 0.75² (3 − 1.5) = 0.84375; FR and RL the rest. All four in step earn 0.84375.
        Case(
            {"foot_contact": [[YES, NO, NO, YES]], "gait_phase": [0.025], "standing": [NO]},
            [0.84375],
        ),
        Case(  # with feet down for 80 % of a cycle, all four are at phase 0.7
            {"foot_contact": [[YES] * 4], "gait_phase": [0.7], "standing": [NO]},
            [1.0],
            {"duty_factor": 0.8, "transition_share": 0.1},
        ),
    ],
    "vertical_velocity_squared": [Case({"base_velocity_in_base": [[5.0, 5.0, -3.0], [1.0, 1.0, 0.0]]}, [9.0, 0.0])],
    "roll_pitch_rate_squared": [Case({"angular_velocity_in_base": [[1.0, -2.0, 7.0], [0.0, 0.0, 7.0]]}, [5.0, 0.0])],
    "orientation_error_squared": [Case({"gravity_in_base": [[0.6, 0.0, -0.8], [0.0, 0.0, -1.0]]}, [0.36, 0.0])],
    "uprightness": [
        Case({"gravity_in_base": [[0.6, 0.0, -0.8], [0.0, 0.0, -1.0]]}, [E1, 1.0], {"sigma": 0.6}),
        Case({"gravity_in_base": [[0.0, 0.45, -0.893]]}, [E1]),
    ],
    "base_height_error_squared": [Case({"base_height_m": [0.25, 0.35]}, [0.0, 0.01], {"target_m": 0.25})],
    "joint_acceleration_squared": [Case({"joint_acceleration": [joints(j0=3, j11=-4), joints()]}, [25.0, 0.0])],
    "joint_velocity_squared": [Case({"joint_velocity": [joints(j1=1, j2=2, j3=-2), joints()]}, [9.0, 0.0])],
    "joint_torque_squared": [Case({"joint_torque_nm": [joints(j5=10, j6=-10), joints()]}, [200.0, 0.0])],
    "joint_power": [
        # 2·3 driving, 4·5 braking, and a torque at rest
        Case({"joint_torque_nm": [joints(j0=2, j1=-4, j2=9)], "joint_velocity": [joints(j0=3, j1=5)]}, [26.0])
    ],
    "power_variance": [
        # 12 W in one joint of twelve: mean 1, (11² + 11 · 1²) / 12 = 11. The same power everywhere: 0.
        Case(
            {"joint_torque_nm": [joints(j4=2), [2.0] * 12], "joint_velocity": [joints(j4=6), [-3.0] * 12]}, [11.0, 0.0]
        )
    ],
    "power_variance_squared": [Case({"joint_torque_nm": [joints(j4=2)], "joint_velocity": [joints(j4=6)]}, [121.0])],
    "joint_limit_excess": [
        # Range −1..1, of which ±0.9: 1.0 is 0.1 outside, −1.2 is 0.3. Joint 11, 0..4, of which 0.2..3.8: −0.1 is 0.3.
        Case(
            {
                "joint_position": [joints(j0=1.0, j5=-1.2, j6=0.9, j11=-0.1), joints(j11=2.0)],
                "joint_lower": [-1.0] * 11 + [0.0],
                "joint_upper": [1.0] * 11 + [4.0],
            },
            [0.7, 0.0],
        ),
        Case(
            {"joint_position": [joints(j3=0.75)], "joint_lower": [-1.0] * 12, "joint_upper": [1.0] * 12},
            [0.25],
            {"soft_share": 0.5},
        ),
    ],
    "joint_speed_excess": [
        # 90 % of 20 is 18: 18.5 is 0.5 above, −25 is 7 above and counts as 1
        Case(
            {"joint_velocity": [joints(j0=18.5, j1=-25, j2=17.9), joints()], "joint_speed_limit": [20.0] * 12},
            [1.5, 0.0],
        ),
        Case(
            {"joint_velocity": [joints(j0=-9)], "joint_speed_limit": [10.0] * 12},
            [3.0],
            {"soft_share": 0.5, "most_radps": 3.0},
        ),
    ],
    "torque_excess": [
        Case({"joint_torque_nm": [joints(j0=-10, j1=12, j2=9), joints()], "torque_limit_nm": [10.0] * 12}, [4.0, 0.0]),
        Case({"joint_torque_nm": [joints(j7=6)], "torque_limit_nm": [10.0] * 12}, [1.0], {"soft_share": 0.5}),
    ],
    "pose_deviation": [
        Case({"joint_position": [joints(j0=3, j7=5), joints(j7=1)], "default_joint_position": joints(j7=1)}, [5.0, 0.0])
    ],
    "pose_closeness": [
        # Hip 0.1² · 1 + thigh 0.2² · 1 + calf 1² · 0.1 = 0.15
        Case(
            {"joint_position": [joints(j0=0.1, j4=0.2, j11=1), joints()], "default_joint_position": joints()},
            [math.exp(-0.15), 1.0],
        ),
        Case(
            {"joint_position": [joints(j0=1, j4=1.5, j11=1)], "default_joint_position": joints(j4=0.5)},
            [math.exp(-9.0)],
            {"hip_weight": 2.0, "thigh_weight": 3.0, "calf_weight": 4.0},
        ),
    ],
    "hip_deviation": [  # hips are joints 0, 3, 6, 9
        Case(
            {"joint_position": [joints(j0=0.1, j3=-0.2, j4=5, j5=5, j9=0.1)], "default_joint_position": joints(j9=0.3)},
            [0.5],
        )
    ],
    "standing_deviation": [
        Case(
            {
                "joint_position": [joints(j0=0.1, j4=0.2), joints(j0=0.1)],
                "default_joint_position": joints(j4=0.9),
                "standing": [YES, NO],
            },
            [0.8, 0.0],
        )
    ],
    "action_rate_squared": [
        Case({"action": [joints(j0=1, j1=2), joints()], "previous_action": [joints(j1=5), joints()]}, [10.0, 0.0])
    ],
    "action_acceleration_squared": [
        # 1 − 2·2 + 1 = −2; a constant rate (3, 2, 1) costs nothing
        Case(
            {
                "action": [joints(j0=1), joints(j0=3)],
                "previous_action": [joints(j0=2), joints(j0=2)],
                "action_before_previous": [joints(j0=1), joints(j0=1)],
            },
            [4.0, 0.0],
        )
    ],
    "foot_clearance_error": [
        # 0.1² · 5 m/s + 0.1² · 1 m/s; at the right height, or at rest: nothing
        Case(
            {
                "foot_clearance_m": [[0.02, 0.22, 0.12, 0.0]],
                "foot_velocity_in_world": [feet(fl=(3, 4, 9), fr=(0, -1, 0), rl=(7, 7, 0))],
            },
            [0.06],
            {"target_m": 0.12},
        )
    ],
    "long_swings": [
        # 0.3 − 0.1 and, at most, 0.4 − 0.1; too short a swing and a foot still up give nothing; nor does standing
        Case(
            {
                "foot_air_time_s": [[0.3, 0.05, 0.9, 0.3], [0.3] * 4],
                "foot_touched_down": [[YES, YES, YES, NO], [YES] * 4],
                "standing": [NO, YES],
            },
            [0.5, 0.0],
        ),
        Case(
            {"foot_air_time_s": [[0.3, 0.6, 0.0, 0.0]], "foot_touched_down": [[YES] * 4], "standing": [NO]},
            [0.4],
            {"shortest_s": 0.2, "longest_s": 0.5},
        ),
    ],
    "short_swings": [
        Case(
            {
                "foot_air_time_s": [[0.3, 0.04, 0.02, 0.01], [0.04] * 4],
                "foot_touched_down": [[YES, YES, YES, NO], [YES] * 4],
                "standing": [NO, YES],
            },
            [0.14, 0.0],
        ),
        Case(
            {"foot_air_time_s": [[0.3, 0.6, 0.9, 0.9]], "foot_touched_down": [[YES] * 4], "standing": [NO]},
            [0.2],
            {"shortest_s": 0.5},
        ),
    ],
    "swing_variance": [
        # Swings 0.2, 0.2, 0.4, 0.4: 4 · 0.1² / 3. Stances 0.1, 0.1, 0.1, 0.9 → 0.5: mean 0.2, (3 · 0.1² + 0.3²) / 3.
        Case(
            {
                "foot_last_air_time_s": [[0.2, 0.2, 0.4, 0.4], [0.3] * 4],
                "foot_last_contact_time_s": [[0.1, 0.1, 0.1, 0.9], [0.3] * 4],
            },
            [0.04 / 3 + 0.04, 0.0],
        ),
        Case(
            {"foot_last_air_time_s": [[0.1, 0.2, 0.3, 0.4]], "foot_last_contact_time_s": [[0.1] * 4]},
            [0.0],
            {"most_s": 0.1},
        ),
    ],
    "foot_slip": [
        Case(
            {
                "foot_velocity_in_world": [feet(fl=(0.3, 0.4, 9), fr=(1, 0, 0), rr=(0, -2, 0))],
                "foot_contact": [[YES, NO, NO, YES]],
            },
            [2.5],
        )
    ],
    "foot_slip_squared": [
        Case(
            {
                "foot_velocity_in_world": [feet(fl=(0.3, 0.4, 9), fr=(1, 0, 0), rr=(0, -2, 0))],
                "foot_contact": [[YES, NO, NO, YES]],
            },
            [4.25],
        )
    ],
    "landing_force": [
        Case(
            {
                "foot_force_in_world_n": [feet(fl=(0, 3, 4), fr=(0, 0, 100), rl=(0, 0, 7))],
                "foot_touched_down": [[YES, NO, YES, NO]],
            },
            [12.0],
        )
    ],
    "foot_force_excess": [
        Case({"foot_force_in_world_n": [feet(fl=(90, 0, 120), fr=(0, 0, 99))]}, [50.0], {"limit_n": 100.0})
    ],
    "stumble": [
        # 50 horizontal, 2 vertical: 50 − 5 · 2; pressing down on the ground is no stumble
        Case({"foot_force_in_world_n": [feet(fl=(30, 40, -2), fr=(0, 1, 100)), feet(rr=(0, 50, 10))]}, [40.0, 0.0]),
        Case({"foot_force_in_world_n": [feet(rr=(0, 50, 10))]}, [10.0], {"ratio": 4.0}),
    ],
    "feet_up_while_standing": [
        Case({"foot_contact": [[YES, NO, NO, YES], [NO] * 4, [YES] * 4], "standing": [YES, NO, YES]}, [2.0, 0.0, 0.0])
    ],
    "undesired_contacts": [
        Case(
            {
                "trunk_contact": [YES, NO],
                "thigh_contact": [[YES, NO, NO, YES], [NO] * 4],
                "calf_contact": [[NO, NO, YES, NO], [NO] * 4],
            },
            [4.0, 0.0],
        )
    ],
    "self_contact": [Case({"self_collision": [YES, NO]}, [1.0, 0.0])],
    "alive": [Case({"episode_time_s": [0.0, 17.3]}, [1.0, 1.0])],
    "failure": [Case({"terminated": [YES, NO]}, [1.0, 0.0])],
}


def terms():
    return {
        name: function
        for name, function in inspect.getmembers(rewards, inspect.isfunction)
        if function.__module__ == rewards.__name__ and not name.startswith("_")
    }


def test_every_reward_has_a_case_worked_out_by_hand():
    assert sorted(CASES) == sorted(terms())


@pytest.mark.parametrize("name", CASES)
def test_every_parameter_is_set_in_some_case(name):
    used = {parameter for case in CASES[name] for parameter in case.parameters}
    assert used == set(arguments_of(terms()[name]).parameters)


@pytest.mark.parametrize(("name", "case"), [(name, case) for name, cases in CASES.items() for case in cases])
def test_reward(name, case, array):
    inputs = {quantity: array(values) for quantity, values in case.inputs.items()}
    value = to_numpy(terms()[name](**inputs, **case.parameters))
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, case.expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_reward_says_where_it_is_from(name):
    assert terms()[name].__doc__
    assert any(mark in terms()[name].__doc__ for mark in ("[", "isaac-sim/IsaacLab"))


def test_long_and_short_swings_make_up_the_signed_term_of_legged_gym(array):
    air, down, moving = array([[0.1, 0.3, 0.5, 0.9]]), array([[YES, YES, YES, NO]]), array([NO])
    long = rewards.long_swings(air, down, moving, shortest_s=0.4, longest_s=10.0)
    short = rewards.short_swings(air, down, moving, shortest_s=0.4)
    assert float(long[0] - short[0]) == pytest.approx((0.1 - 0.4) + (0.3 - 0.4) + (0.5 - 0.4))


def test_standing_still_earns_nothing_for_progress_but_much_for_tracking(array):
    # Why the measured recipe needs the progress term.
    still, slow = array([[0.0, 0.0, 0.0]]), array([[0.25, 0.0, 0.0]])
    assert float(rewards.linear_velocity_tracking(still, slow)[0]) == pytest.approx(math.exp(-0.25))
    assert float(rewards.linear_progress(still, slow)[0]) == 0.0
