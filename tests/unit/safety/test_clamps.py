import math

import pytest
from safe_robot import ROBOTS, at, limits, pose, state, target

from surefoot_robots.loader import load_robot
from surefoot_safety.clamps import clamped_between, clamped_target, softened_to_torque
from surefoot_safety.limits import torque_available_nm, torque_range_nm
from surefoot_safety.violation import Check

ZEROS = (0.0,) * 12
every_joint = pytest.mark.parametrize("joint", range(12))
LONG_S = 10.0
"""So long ago that the rate does not matter."""


def checks(found):
    return [violation.check for violation in found]


def pd_torque(law, sample, joint):
    return (
        law.kp_nm_per_rad[joint] * (law.position_rad[joint] - sample.joint_position_rad[joint])
        + law.kd_nms_per_rad[joint] * (law.velocity_radps[joint] - sample.joint_velocity_radps[joint])
        + law.torque_nm[joint]
    )


@pytest.mark.parametrize(
    ("value", "held"), [(0.0, None), (1.0, None), (-2.0, None), (1.001, 1.0), (-2.001, -2.0), (math.inf, 1.0)]
)
def test_between(value, held):
    kept, found = clamped_between(
        (0.5, value), (-2.0, -2.0), (1.0, 1.0), ("a", "b"), check=Check.TARGET_RANGE, unit="rad"
    )
    assert kept == (0.5, value if held is None else held)
    assert checks(found) == ([] if held is None else [Check.TARGET_RANGE])
    if held is not None:
        assert found[0].message == f"b {value:.3f} rad was held at {held:.3f} rad"


def test_a_sound_target_is_left_alone():
    sound = target(velocity_radps=(0.1,) * 12, torque_nm=(0.2,) * 12)
    kept, found = clamped_target(sound, state(), limits(), pose(), 0.005)
    assert kept == sound
    assert found == []


@pytest.mark.parametrize("robot", ROBOTS)
@every_joint
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_position_range(robot, joint, side):
    spec, sign = load_robot(robot), -1.0 if side == "lower" else 1.0
    edge = float(getattr(spec, f"joint_{side}_rad")[joint]) - sign * 0.02
    near = at(pose(robot), joint, edge - sign * 0.05)
    sample = state(robot=robot, joint_position_rad=near)
    soft = {"kp_nm_per_rad": (1.0,) * 12}
    # Beyond the edge of the margin it is held there; beyond the joint's own limit, 0.02 rad on, that is worth a word.
    for beyond, said in (
        (1e-6, False),
        (0.02, False),
        (0.02 + 5e-7, False),
        (0.0201, True),
        (0.5, True),
        (100.0, True),
    ):
        kept, found = clamped_target(
            target(robot, position_rad=at(near, joint, edge + sign * beyond), **soft),
            sample,
            limits(robot),
            near,
            LONG_S,
        )
        assert kept.position_rad == pytest.approx(at(near, joint, edge), abs=1e-12)
        assert checks(found) == [Check.TARGET_RANGE] * said
    kept, found = clamped_target(
        target(robot, position_rad=at(near, joint, edge - sign * 1e-6), **soft), sample, limits(robot), near, LONG_S
    )
    assert found == []


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_step_from_the_measured_joint_whatever_the_last_target_was(sign):
    # The front thigh: limits −1.57 and 3.49, at 1.0.
    here = at(pose(), 1, 1.0)
    sample, soft = state(joint_position_rad=here), {"kp_nm_per_rad": (1.0,) * 12}
    for anchor in (1.0, 3.0, -1.5):
        kept, found = clamped_target(
            target(position_rad=at(here, 1, 1.0 + sign * 1.6), **soft), sample, limits(), at(here, 1, anchor), LONG_S
        )
        assert kept.position_rad[1] == pytest.approx(1.0 + sign * 1.5)
        assert checks(found) == [Check.TARGET_STEP]
        kept, found = clamped_target(
            target(position_rad=at(here, 1, 1.0 + sign * 1.499), **soft), sample, limits(), at(here, 1, anchor), LONG_S
        )
        assert found == []


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_rate_from_the_last_target(sign):
    # Twice 30.1 rad/s × 5 ms = 0.301 rad.
    here, soft = at(pose(), 1, 1.0), {"kp_nm_per_rad": (1.0,) * 12}
    for step, clamped in ((0.300, False), (0.302, True), (1.0, True)):
        kept, found = clamped_target(
            target(position_rad=at(here, 1, 1.1 + sign * step), **soft),
            state(joint_position_rad=here),
            limits(),
            at(here, 1, 1.1),
            0.005,
        )
        assert kept.position_rad[1] == pytest.approx(1.1 + sign * min(step, 0.301))
        assert checks(found) == ([Check.TARGET_RATE] if clamped else [])


def test_without_time_a_target_stays_at_its_anchor():
    kept, found = clamped_target(target(position_rad=at(pose(), 1, 1.0)), state(), limits(), pose(), 0.0)
    assert kept.position_rad == pose()
    assert checks(found) == [Check.TARGET_RATE]


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_an_anchor_far_from_the_joint_is_left_behind(sign):
    # The joint was pushed from 1.0 to 1.0 ∓ 2 between two ticks: the target is brought near it, rate or not.
    pushed = at(pose(), 1, 1.0 - sign * 1.0)
    kept, _ = clamped_target(
        target(position_rad=pushed, kp_nm_per_rad=(1.0,) * 12),
        state(joint_position_rad=pushed),
        limits(),
        at(pose(), 1, 1.0 + sign * 1.0),
        0.0,
    )
    assert kept.position_rad[1] == pytest.approx(1.0 - sign * 1.0 + sign * 1.5)


@every_joint
@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_joint_far_beyond_its_limits_is_led_back_to_them(joint, side):
    edge = getattr(limits(), f"target_{side}_rad")[joint]
    beyond = edge + (-4.0 if side == "lower" else 4.0)
    out = at(pose(), joint, beyond)
    kept, _ = clamped_target(target(position_rad=out), state(joint_position_rad=out), limits(), out, 0.005)
    assert kept.position_rad[joint] == edge


@every_joint
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_velocity_and_torque_of_the_target(joint, sign):
    spec = load_robot("go2")
    fastest, peak = float(spec.speed_limit_radps[joint]), float(spec.torque_limit_nm[joint])
    limp = {"kp_nm_per_rad": ZEROS, "kd_nms_per_rad": ZEROS}
    law = target(velocity_radps=at(ZEROS, joint, sign * (fastest + 1e-6)), **limp)
    kept, found = clamped_target(law, state(), limits(), pose(), 0.005)
    assert kept.velocity_radps == at(ZEROS, joint, sign * fastest)
    assert checks(found) == [Check.TARGET_SPEED]
    law = target(torque_nm=at(ZEROS, joint, sign * (peak + 1e-6)), **limp)
    kept, found = clamped_target(law, state(), limits(), pose(), 0.005)
    assert kept.torque_nm == at(ZEROS, joint, sign * peak)
    assert checks(found) == [Check.TARGET_TORQUE]
    assert "Nm" in found[0].message


@pytest.mark.parametrize(
    ("speed", "nm"),
    [(0.0, 23.7), (10.6, 23.7), (-10.6, 23.7), (20.35, 11.85), (-20.35, 11.85), (30.1, 0.0), (50.0, 0.0)],
)
def test_what_the_go2_hip_motor_can_push_with(speed, nm):
    # 23.7 Nm up to 10.6 rad/s, on a straight line to nothing at 30.1; halfway, at 20.35, the half.
    assert torque_available_nm(limits(), 0, speed) == pytest.approx(nm)


def test_braking_has_the_full_torque():
    assert torque_range_nm(limits(), 0, 20.35) == pytest.approx((-23.7, 11.85))
    assert torque_range_nm(limits(), 0, -20.35) == pytest.approx((-11.85, 23.7))
    assert torque_range_nm(limits(), 0, 0.0) == pytest.approx((-23.7, 23.7))


@every_joint
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_law_that_is_too_strong_is_softened_to_what_the_motor_has(joint, sign):
    peak = float(load_robot("go2").torque_limit_nm[joint])
    # kp 50 at 1 rad: 50 Nm; with a torque of 1 Nm more: beyond every motor.
    here = pose()
    law = target(
        position_rad=at(here, joint, here[joint] + sign * 1.0),
        kp_nm_per_rad=(50.0,) * 12,
        kd_nms_per_rad=(2.0,) * 12,
        torque_nm=at(ZEROS, joint, sign * 1.0),
    )
    kept, found = softened_to_torque(law, state(), limits())
    assert checks(found) == [Check.PD_TORQUE]
    assert found[0].message == (
        f"{limits().joint_names[joint]} would give {sign * 51.0:.1f} Nm, was softened to {sign * peak:.1f} Nm"
    )
    assert pd_torque(kept, state(), joint) == pytest.approx(sign * peak)
    share = peak / 51.0
    assert kept.kp_nm_per_rad == pytest.approx(at((50.0,) * 12, joint, 50.0 * share))
    assert kept.kd_nms_per_rad == pytest.approx(at((2.0,) * 12, joint, 2.0 * share))
    assert kept.torque_nm == pytest.approx(at(ZEROS, joint, sign * share))
    assert (kept.position_rad, kept.velocity_radps) == (law.position_rad, law.velocity_radps)


@pytest.mark.parametrize(("speed", "softened_to"), [(20.35, 11.85), (-20.35, None), (40.0, 0.0)])
def test_at_speed_pushing_is_softened_and_braking_is_not(speed, softened_to):
    sample = state(joint_velocity_radps=at(ZEROS, 0, speed))
    law = target(kd_nms_per_rad=ZEROS, kp_nm_per_rad=ZEROS, torque_nm=at(ZEROS, 0, 20.0))
    kept, found = softened_to_torque(law, sample, limits())
    assert kept.torque_nm[0] == pytest.approx(20.0 if softened_to is None else softened_to)
    assert checks(found) == ([] if softened_to is None else [Check.PD_TORQUE])


def test_the_measured_speed_counts_against_the_wanted_one():
    # kd 4 × (3 − 10) rad/s = −28 Nm of braking, 23.7 allowed; kd 4 × (7 − 10) = −12 is allowed.
    sample = state(joint_velocity_radps=at(ZEROS, 0, 10.0))
    for wanted, braking in ((3.0, -23.7), (7.0, -12.0)):
        law = target(kd_nms_per_rad=at(ZEROS, 0, 4.0), velocity_radps=at(ZEROS, 0, wanted))
        kept, _ = softened_to_torque(law, sample, limits())
        assert pd_torque(kept, sample, 0) == pytest.approx(braking)


def test_at_exactly_the_limit_nothing_changes():
    for nm in (23.7, -23.7):
        law = target(kd_nms_per_rad=ZEROS, kp_nm_per_rad=ZEROS, torque_nm=at(ZEROS, 0, nm))
        assert softened_to_torque(law, state(), limits()) == (law, [])


def test_numbers_so_large_that_their_sum_is_none_leave_nothing():
    """A sample may be finite and absurd: angle and speed of opposite signs make infinity less infinity."""
    absurd = state(joint_position_rad=at(pose(), 4, 1.7e308), joint_velocity_radps=at((0.0,) * 12, 4, -1.7e308))
    stiff = target(kp_nm_per_rad=(60.0,) * 12, kd_nms_per_rad=(2.4,) * 12)
    softened, found = softened_to_torque(stiff, absurd, limits())
    assert (softened.kp_nm_per_rad[4], softened.kd_nms_per_rad[4], softened.torque_nm[4]) == (0.0, 0.0, 0.0)
    assert softened.kp_nm_per_rad[3] == 60.0
    assert [violation.check for violation in found] == [Check.PD_TORQUE]
