"""Trunks and their coordinates, motions over feet that stay, friction, limits and verdicts of robots on the ground."""

import dataclasses

import numpy as np
import pytest

from surefoot_calibration.air.parameters import nominal_parameters
from surefoot_calibration.air.synthetic import NO_ERRORS, synthetic_log
from surefoot_calibration.ground.balance import Contacts
from surefoot_calibration.ground.fit import Fitted, alike, strength_places
from surefoot_calibration.ground.friction import MOST, Friction, friction_of
from surefoot_calibration.ground.held_out import leaning_wxyz
from surefoot_calibration.ground.motion import motion_of
from surefoot_calibration.ground.motions import holding_nm, joint_angles, slow_chirp, turns
from surefoot_calibration.ground.parameters import (
    COM,
    INERTIA,
    MASS,
    TRUNK_NAMES,
    physical,
    pi_of,
    pi_of_theta,
    pi_slopes_of,
    slopes_of,
    theta_of,
    trunk_of,
    values_of,
)
from surefoot_calibration.ground.plan import GroundOptions, make_ground_plan, stance_of, standing_gains
from surefoot_calibration.ground.priors import LEAST, ground_priors
from surefoot_calibration.ground.saturation import saturations
from surefoot_calibration.ground.synthetic import hidden_robot
from surefoot_calibration.ground.uncertainty import UNMODELLED, TrunkUncertainty, trunk_uncertainty
from surefoot_calibration.ground.verdicts import WITHOUT_AIR, friction_estimate, trunk_estimates, trunk_verdicts
from surefoot_calibration.log.joint_log import ImuLog
from surefoot_calibration.log.stamps import steadiness
from surefoot_robots.calibration import Calibration, Measured
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.inertia import Inertia, Inertial
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")
BOX = Inertial(6.0, (0.1, 0.0, 0.0), Inertia(xx=0.5, xy=0.0, xz=0.0, yy=1.0, yz=0.0, zz=1.3))
"""6 kg; second moments of its mass about its centre, by hand: Σx² = (yy + zz - xx) / 2 = 0.9, Σy² = 0.4, Σz² = 0.1."""


def test_coordinates_of_a_box_by_hand():
    alpha, d1, d2, d3, *shear_and_centre = theta_of(BOX)
    assert alpha == pytest.approx(0.5 * np.log(6.0))
    assert np.exp([d1, d2, d3]) == pytest.approx(np.sqrt(np.array([0.9, 0.4, 0.1]) / 6.0))
    assert shear_and_centre == pytest.approx([0.0, 0.0, 0.0, 0.1, 0.0, 0.0], abs=1e-12)
    # About the origin, a lever of 0.1 m adds 6 · 0.01 about y and z.
    assert pi_of(BOX)[[0, 1, 4, 8, 12]] == pytest.approx([6.0, 0.6, 0.5, 1.06, 1.36])


def test_coordinates_and_back():
    for trunk in (BOX, GO2.trunk.inertial, hidden_robot(GO2, 4).ground.trunk):
        theta = theta_of(trunk)
        np.testing.assert_allclose(values_of(trunk_of(theta)), values_of(trunk), atol=1e-12)
        np.testing.assert_allclose(pi_of_theta(theta), pi_of(trunk), atol=1e-12)
    # Any coordinates are a body that can be: moments that no one exceeds the sum of the others.
    xx, yy, zz = physical(np.random.default_rng(0).standard_normal(10))[4:7]
    assert 2.0 * max(xx, yy, zz) <= xx + yy + zz


def test_slopes_of_coordinates():
    theta = theta_of(BOX)
    slopes = slopes_of(theta)
    assert slopes[0] == pytest.approx([12.0, *([0.0] * 9)], abs=1e-6)  # m = exp(2 α)
    assert slopes[1:4, 7:] == pytest.approx(np.eye(3), abs=1e-6)
    assert pi_slopes_of(theta)[0, 0] == pytest.approx(12.0, rel=1e-6)


# Motions


def test_feet_stay_where_they_are_but_for_their_rolling():
    stance = stance_of(GO2)
    trunk = np.array([[0.02, -0.01, 0.03, 0.05, -0.08, 0.1], [0.0] * 6])
    angles = joint_angles(GO2, stance, trunk)
    foot = GO2.kinematics.foot_position_in_base(angles)
    in_world = np.einsum("tij,tlj->tli", turns(trunk[:, 3:]), foot) + trunk[:, None, :3]
    np.testing.assert_allclose(angles[1], stance.angle_rad, atol=1e-9)
    moved = in_world[0] - stance.foot_m
    assert np.abs(moved[:, 2]).max() < 1e-9
    # A calf that leans ahead by so much rolls its ball by the radius times that.
    thigh, calf = angles[0].reshape(4, 3)[:, 1:].T
    leaning = (thigh + calf - stance.angle_rad.reshape(4, 3)[:, 1:].sum(axis=1)) - 0.08
    np.testing.assert_allclose(moved[:, 0], 0.022 * leaning, atol=2e-5)


def test_a_trunk_out_of_reach_is_an_error():
    with pytest.raises(SurefootError, match="out of the leg's reach in row 0"):
        joint_angles(GO2, stance_of(GO2), np.array([[0.0, 0.0, 0.5, 0.0, 0.0, 0.0]]))


def test_held_torques_carry_the_weight():
    stance = stance_of(GO2)
    torque = holding_nm(GO2, stance.angle_rad[None])[0]
    jacobian = GO2.kinematics.foot_jacobian_in_base(stance.angle_rad)
    force = -np.linalg.solve(np.swapaxes(jacobian, 1, 2), torque.reshape(4, 3)[..., None])[..., 0]
    assert force[:, 2].sum() == pytest.approx(GO2.total_mass_kg * 9.81)
    np.testing.assert_allclose(force[:, :2], 0.0, atol=1e-9)
    around = stance.foot_m - np.array(GO2.trunk.inertial.com_m)
    assert (force[:, 2] * around[:, 0]).sum() == pytest.approx(0.0, abs=1e-9)


def test_chirps_accelerate_evenly():
    t = np.arange(2000) / 200.0
    wave = slow_chirp(t, 0.4, 2.5)
    # At its end: 2.5 Hz with (0.8 / 2.5)² of the amplitude, where 0.8 Hz had all of it.
    assert np.abs(wave[-200:]).max() == pytest.approx((0.8 / 2.4) ** 2, rel=0.1)
    assert np.abs(wave).max() == pytest.approx(1.0, rel=0.01)


def test_a_plan_begins_and_ends_standing_and_never_rests_between():
    gains = standing_gains(GO2)
    plan = make_ground_plan(GO2, GroundOptions(seconds=12.0, slide=True), gains)
    assert len(plan.stamp_s) == 18 * 200
    np.testing.assert_allclose(plan.target_rad[0], plan.target_rad[-1], atol=1e-9)
    lead = plan.target_rad[0] - stance_of(GO2).angle_rad
    np.testing.assert_allclose(
        lead * gains.kp_nm_per_rad, holding_nm(GO2, stance_of(GO2).angle_rad[None])[0], atol=1e-9
    )
    assert [name for name, _ in plan.parts][-2:] == ["together", "slide"]
    for options, match in (
        ({"seconds": 5.0}, "10 to 300"),
        ({"rate_hz": 20.0}, "50 to 1000"),
        ({"scale": 2.0}, "most 1"),
    ):
        with pytest.raises(SurefootError, match=match):
            GroundOptions(**options)


def test_the_smallest_turn_that_leans_so():
    down = np.array([[0.0, 0.0, -1.0], [np.sin(0.2), 0.0, -np.cos(0.2)], [0.0, np.sin(-0.1), -np.cos(0.1)]])
    w, x, y, z = leaning_wxyz(down).T
    # Down leans ahead in a trunk whose nose is down: a turn about y.
    assert (w[0], x[0], y[0], z[0]) == (1.0, 0.0, 0.0, 0.0)
    assert (y[1], x[1]) == pytest.approx((np.sin(0.1), 0.0))
    assert (x[2], y[2]) == pytest.approx((np.sin(0.05), 0.0))


# Feet


def contacts(share, slide_mps, *, samples=400):
    """Feet with 40 N each and forces sideways; the front pair slides apart."""
    force = np.tile([0.0, 0.0, 40.0], (samples, 4, 1))
    force[..., 1] = 40.0 * share
    velocity = np.zeros((samples, 4, 3))
    velocity[:, 0, 1], velocity[:, 1, 1] = slide_mps, -slide_mps
    velocity += [0.1, 0.0, 0.0]  # the base goes back
    return Contacts(force, velocity, np.tile([0.0, 0.0, -1.0], (samples, 1)))


def test_friction_is_what_holds_feet_that_slide():
    found = friction_of(contacts(0.6, 0.2))
    assert (found.slid, found.samples) == (True, 800)
    assert found.value == pytest.approx(0.6)
    assert (found.low, found.high) == pytest.approx((0.6 * (1 - 1.96 * 0.03), 0.6 * (1 + 1.96 * 0.03)))
    one = friction_estimate(found, 0.8)
    assert (one.verdict, one.advice, one.prior) == ("identified", "", 0.8)


def test_without_sliding_there_is_a_lower_bound():
    found = friction_of(contacts(0.5, 0.0))
    assert (found.slid, found.high) == (False, MOST)
    assert found.low == pytest.approx(0.5 * (1 - 1.96 * 0.03))
    one = friction_estimate(found, 0.8)
    assert (one.verdict, one.value, one.low) == ("not_identifiable", 0.8, found.low)
    assert "--slide" in one.advice
    # A file that says less than feet have held is wrong.
    one = friction_estimate(Friction(False, 0.9, 0.9, MOST, 0), 0.8)
    assert (one.verdict, one.value, one.low) == ("weak", 0.9, 0.9)


# Limits


def test_a_motor_that_gives_no_more_is_seen(joint_log):
    given = np.clip(25.0 * (joint_log.target_rad - joint_log.position_rad), -15.0, 15.0)
    log = dataclasses.replace(joint_log, torque_nm=given, velocity_radps=np.zeros_like(given))
    (found,) = saturations(log, GO2, 0.0)
    assert (found.joint, found.prior_nm) == ("FL_thigh_joint", 23.7)
    assert (found.low_nm, found.value_nm, found.high_nm) == pytest.approx((15.0, 15.0, 15.0))
    assert saturations(dataclasses.replace(log, torque_nm=2.0 * given), GO2, 0.0) == ()
    assert saturations(dataclasses.replace(log, torque_nm=None), GO2, 0.0) == ()


def test_a_weak_motor_is_not_at_its_limit(joint_log):
    asked = 25.0 * (joint_log.target_rad - joint_log.position_rad)
    log = dataclasses.replace(joint_log, torque_nm=0.8 * asked, velocity_radps=np.zeros_like(asked))
    assert saturations(log, GO2, 0.0) == ()
    # A weak one that is at its limit is: it is asked for up to 27.5 Nm.
    at_limit = dataclasses.replace(log, torque_nm=np.clip(0.8 * asked, -13.0, 13.0))
    (found,) = saturations(at_limit, GO2, 0.0)
    assert found.value_nm == pytest.approx(13.0)


def test_whoever_always_asks_for_the_same_sees_no_limit(joint_log):
    target = joint_log.position_rad + 0.2
    target[50:100, 1] += 0.6
    asked = 25.0 * (target - joint_log.position_rad)
    log = dataclasses.replace(joint_log, target_rad=target, velocity_radps=np.zeros_like(asked))
    assert saturations(dataclasses.replace(log, torque_nm=np.clip(asked, -15.0, 15.0)), GO2, 0.0) == ()


@pytest.fixture
def joint_log():
    """One joint is asked for 17.5 to 27.5 Nm now and then, the others for 5."""
    still = np.tile(GO2.default_joint_position_rad, (200, 1))
    log = synthetic_log(GO2, nominal_parameters(GO2), still, senses=NO_ERRORS)
    target = log.position_rad + 0.2
    target[50:100, 1] = log.position_rad[50:100, 1] + np.linspace(0.7, 1.1, 50)
    return dataclasses.replace(log, target_rad=target)


# Verdicts


def known(half):
    half_width = np.full(10, 1e-6)
    half_width[: len(half)] = half
    return TrunkUncertainty(half_width, np.eye(10), np.array([9.0, *([0.1] * 3), *([0.1] * 6)]))


def test_verdicts_by_hand():
    values = values_of(GO2.trunk.inertial)
    found = trunk_verdicts(values, known([0.2, 0.006, 0.06, 0.004]), TRUNK_NAMES)
    assert [found[name] for name in (MASS, *COM)] == ["identified", "weak", "not_identifiable", "identified"]
    assert {found[name] for name in INERTIA} == {"identified"}
    assert trunk_verdicts(values, known([0.3]), TRUNK_NAMES)[MASS] == "weak"  # 3 % of 6.9 kg is 0.21


def test_inertia_is_known_as_a_whole_or_not_at_all():
    values = values_of(GO2.trunk.inertial)
    half = np.full(10, 1e-6)
    half[5] = 0.09  # of the moment about y, where 0.1 was known before
    found = trunk_verdicts(values, known(half), TRUNK_NAMES)
    assert {found[name] for name in INERTIA} == {"not_identifiable"}
    rows = trunk_estimates(values + 0.001, values, known(half), found)
    by_name = {row.name: row for row in rows}
    assert by_name[INERTIA[0]].value == by_name[INERTIA[0]].prior == values[4]
    assert by_name[MASS].value == pytest.approx(values[0] + 0.001)
    assert all(row.low <= row.value <= row.high for row in rows)
    assert "2 Hz" in by_name[INERTIA[1]].advice
    rows = trunk_estimates(values, values, known(half), found, calibrated=False)
    assert {row.advice for row in rows} == {"", WITHOUT_AIR}


def test_what_joints_are_known_by():
    rows = tuple(
        Measured(name, joint, value, value - 0.0098, value + 0.0098, "identified")
        for name, joint, value in (
            *(
                (kind, joint, 0.1 if kind == "encoder_offset_rad" else 1.0)
                for kind in LEAST
                for joint in GO2.joint_names
            ),
            ("action_delay_s", None, 0.02),
        )
    )
    air = Calibration("air.yaml", "a" * 64, "go2", robot_hash(GO2), "in-air", rows)
    priors, without = ground_priors(GO2, air), ground_priors(GO2, None)
    assert (priors.calibrated, without.calibrated) == (True, False)
    strength, friction = slice(10 + 48, 10 + 60), slice(10 + 24, 10 + 36)
    np.testing.assert_allclose(priors.deviation[strength], 0.005)
    np.testing.assert_allclose(priors.deviation[friction], 0.05)  # of the value, at least
    np.testing.assert_allclose(without.deviation[strength], 0.2)
    assert priors.known.joints.action_delay_s == 0.02
    with pytest.raises(SurefootError, match=r"air.yaml: has no armature_kgm2 of FL_hip_joint"):
        ground_priors(GO2, dataclasses.replace(air, measured=rows[1:]))


def test_each_log_has_a_bias_of_its_own():
    one, two = ground_priors(GO2, None), ground_priors(GO2, None, 2)
    assert (len(one.mean), len(two.mean), one.joints, two.joints) == (74, 77, 12, 12)
    vector = np.arange(77.0)
    first, second = two.known_of(vector, 0), two.known_of(vector, 1)
    assert (first.force_bias_mps2.tolist(), second.force_bias_mps2.tolist()) == ([71, 72, 73], [74, 75, 76])
    assert first.joints.action_delay_s == second.joints.action_delay_s == 70.0
    np.testing.assert_array_equal(first.joints.table.ravel(), np.arange(10.0, 70.0))
    assert strength_places(two).tolist() == strength_places(one).tolist() == list(range(58, 70))


def test_errors_that_last_count_as_one():
    """Each of 4000 errors twice: correlated by a half with the next, on average, and with no other."""
    rng = np.random.default_rng(0)
    news = rng.standard_normal((4000, 6))
    same = np.repeat(news, 2, axis=0)
    windows = np.zeros(len(same))
    np.testing.assert_allclose(np.median(alike(same, windows, 25.0)), 2.0, atol=0.25)
    np.testing.assert_allclose(np.median(alike(news, windows[:4000], 25.0)), 1.0, atol=0.25)


def test_errors_of_stretches_shorter_than_a_second():
    """Two rows each: what is alike with a next row has none behind it."""
    windows = np.repeat(np.arange(2000.0), 2)
    same = np.repeat(np.random.default_rng(0).standard_normal((2000, 6)), 2, axis=0)
    np.testing.assert_allclose(alike(same, windows, 25.0), 3.0, atol=0.01)
    np.testing.assert_array_equal(alike(same, np.arange(4000.0), 25.0), 1.0)  # none has a next


def test_lags_are_of_the_rows_that_are_used():
    """Errors that are alike for a second: 25 rows at 25 Hz, three at 3 Hz, of which two are behind the first."""
    errors, windows = np.ones((100, 6)), np.zeros(100)
    np.testing.assert_array_equal(alike(errors, windows, 25.0), 1.0 + 2.0 * 24)
    np.testing.assert_array_equal(alike(errors, windows, 3.0), 1.0 + 2.0 * 2)


# Intervals


def fitted(of_strength):
    """A thousand moments of which the first force depends on the mass's coordinate, and on one motor's strength."""
    slopes = np.zeros((1000, 6, 10 + 64))
    slopes[:, 0, 0], slopes[:, 0, 10 + 48] = 20.0, of_strength
    free = np.zeros(74)
    free[0] = 1.0
    errors = np.random.default_rng(0).standard_normal((1000, 6))
    vector = ground_priors(GO2, None).mean
    return Fitted(vector, free, errors, slopes, np.zeros((1, 74)), np.zeros(1000), np.ones(6), 0, 25.0)


def test_intervals_of_a_mass_by_hand():
    priors = dataclasses.replace(ground_priors(GO2, None), calibrated=True)
    mass = GO2.trunk.inertial.mass_kg
    # m = exp(2 α), and α is known to 1 / √(1000 · 20²), times what is not modelled.
    half = 1.96 * UNMODELLED * 2.0 * mass / (20.0 * np.sqrt(1000.0))
    found = trunk_uncertainty(fitted(0.0), priors)
    assert found.half_width[0] == pytest.approx(half, rel=0.15)  # errors are drawn, and next to independent
    np.testing.assert_allclose(found.half_width[1:4], 0.0, atol=1e-12)  # held
    # A motor 0.2 off pushes as 0.2 · 2 / 20 of α does.
    found = trunk_uncertainty(fitted(2.0), priors)
    from_strength = 1.96 * 2.0 * mass * 0.2 * 2.0 / 20.0
    assert found.half_width[0] == pytest.approx(np.hypot(half, from_strength), rel=0.02)
    assert found.known_before[0] == pytest.approx(1.96 * 2.0 * mass * 0.35)


def test_intervals_that_are_no_numbers_are_an_error():
    odd = dataclasses.replace(fitted(0.0), errors=np.full((1000, 6), np.nan))
    with pytest.raises(SurefootError, match="intervals are not finite"):
        trunk_uncertainty(odd, ground_priors(GO2, None))


# Motion


def rocked(joint_log, *, rate_hz=200.0, gap=None):
    """A log whose IMU says that the trunk pitches by 0.2 rad at 0.5 Hz, about the IMU."""
    t = np.arange(round(10.0 * rate_hz)) / rate_hz
    if gap is not None:
        t = np.delete(t, slice(*gap))
    pitch, turn = 0.2 * np.sin(np.pi * t), 0.2 * np.pi * np.cos(np.pi * t)
    none = np.zeros_like(t)
    force = 9.81 * np.stack((-np.sin(pitch), none, np.cos(pitch)), axis=1)
    still = np.tile(GO2.default_joint_position_rad, (len(t), 1))
    steady = steadiness(t, "rocked")
    report = dataclasses.replace(joint_log.report, rate_hz=steady.rate_hz, gaps=steady.gaps)
    return dataclasses.replace(
        joint_log,
        stamp_s=t,
        position_rad=still,
        velocity_radps=0.0 * still,
        torque_nm=None,
        target_stamp_s=t,
        target_rad=still + 0.1,
        report=report,
        imu=ImuLog(t, np.stack((none, turn, none), axis=1), force),
    ), pitch


def test_down_and_turns_of_a_rocked_trunk(joint_log):
    log, pitch = rocked(joint_log)
    motion = motion_of(log, 0.0)
    assert motion.stamp_s[[0, -1]] == pytest.approx([0.5, 9.49], abs=0.01)
    wanted = np.interp(motion.stamp_s, log.stamp_s, pitch)
    np.testing.assert_allclose(motion.down[:, 0], np.sin(wanted), atol=3e-3)
    # The second derivative: the first one's amplitude times π.
    assert np.abs(motion.turn_growth_radps2[:, 1]).max() == pytest.approx(0.2 * np.pi**2, rel=0.01)
    # 25 Nm/rad and 0.1 rad ahead.
    np.testing.assert_allclose(motion.asked_nm, 2.5, atol=1e-6)


def test_motion_does_not_reach_across_gaps(joint_log):
    log, _ = rocked(joint_log, gap=(900, 1000))
    motion = motion_of(log, 0.0)
    assert set(motion.stretch) == {0, 1}
    assert not ((motion.stamp_s > 4.0) & (motion.stamp_s < 5.4)).any()
    with pytest.raises(SurefootError, match="has no stretch of 3 s without gaps"):
        motion_of(rocked(joint_log, gap=(500, 1900))[0], 0.0)
    with pytest.raises(SurefootError, match="50 samples a second: must be at least 80"):
        motion_of(rocked(joint_log, rate_hz=50.0)[0], 0.0)


def imu_without(log, times):
    """The same log, of whose IMU samples are missing."""
    imu = log.imu
    kept = np.array([not any(begin <= stamp < end for begin, end in times) for stamp in imu.stamp_s])
    return dataclasses.replace(
        log,
        imu=ImuLog(imu.stamp_s[kept], imu.angular_velocity_in_base_radps[kept], imu.acceleration_in_base_mps2[kept]),
    )


def test_motion_does_not_reach_across_gaps_of_the_imu(joint_log):
    log, _ = rocked(joint_log)
    motion = motion_of(imu_without(log, [(3.5, 5.5)]), 0.0)
    assert set(motion.stretch) == {0, 1}
    assert not ((motion.stamp_s > 3.01) & (motion.stamp_s < 5.99)).any()
    # Joints are missing from 4.5 to 5 s: within the IMU's gap, across its end, and apart.
    log, _ = rocked(joint_log, gap=(900, 1000))
    within = motion_of(imu_without(log, [(3.5, 5.5)]), 0.0).stamp_s
    np.testing.assert_array_equal(within, motion.stamp_s)
    across = motion_of(imu_without(log, [(4.8, 5.5)]), 0.0).stamp_s
    assert not ((across > 4.0) & (across < 5.99)).any()
    assert across[[0, -1]] == pytest.approx([0.5, 9.49], abs=0.01)
    with pytest.raises(SurefootError, match="has no stretch of 3 s without gaps"):
        motion_of(imu_without(log, [(2.0, 3.0), (6.5, 7.5)]), 0.0)


def test_an_imu_that_is_too_slow_is_refused(joint_log):
    log, _ = rocked(joint_log)
    imu = log.imu
    every = ImuLog(imu.stamp_s[::40], imu.angular_velocity_in_base_radps[::40], imu.acceleration_in_base_mps2[::40])
    with pytest.raises(SurefootError, match="the IMU: 5 samples a second: must be at least 80"):
        motion_of(dataclasses.replace(log, imu=every), 0.0)
    few = imu_without(log, [(0.05, 10.0)])
    with pytest.raises(SurefootError, match="has no IMU"):
        motion_of(few, 0.0)
