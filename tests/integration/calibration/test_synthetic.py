"""The synthetic robot obeys its hidden parameters as a robot would."""

import dataclasses

import numpy as np
import pytest

from surefoot_calibration.air.parameters import KINDS, JointParameters, nominal_parameters
from surefoot_calibration.air.synthetic import NO_ERRORS, Senses, hidden_parameters, synthetic_log
from surefoot_calibration.log.checks import check_log
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")
HOME = GO2.default_joint_position_rad
NOMINAL = nominal_parameters(GO2)


def swing(seconds=0.5, rate_hz=200.0, hz=2.0):
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return HOME + 0.2 * np.sin(2.0 * np.pi * hz * t)[:, None]


def log_of(truth, target=None, **options):
    options = {"senses": NO_ERRORS, **options}
    return synthetic_log(GO2, truth, swing() if target is None else target, **options)


def test_the_same_seed_is_the_same_log_to_the_bit():
    first, again, other = (log_of(NOMINAL, senses=Senses(), seed=seed) for seed in (1, 1, 2))
    for name in ("stamp_s", "position_rad", "velocity_radps", "torque_nm", "target_stamp_s", "target_rad"):
        np.testing.assert_array_equal(getattr(first, name), getattr(again, name))
    assert (first.position_rad != other.position_rad).any()
    check_log(first, GO2)


def test_errors_are_as_large_as_they_are_said_to_be():
    errors = Senses(encoder_noise_rad=0.001, encoder_step_rad=0.0, tick_jitter_s=0.0, stamp_noise_s=0.0001)
    truth, noisy = log_of(NOMINAL, swing(2.0)), log_of(NOMINAL, swing(2.0), senses=errors)
    assert np.std(noisy.position_rad - truth.position_rad) == pytest.approx(0.001, rel=0.05)
    assert np.std(noisy.velocity_radps - truth.velocity_radps) == pytest.approx(0.03, rel=0.05)
    assert np.std(noisy.torque_nm - truth.torque_nm) == pytest.approx(0.1, rel=0.05)
    assert np.std(noisy.stamp_s - truth.stamp_s) == pytest.approx(0.0001, rel=0.2)
    stepped = log_of(NOMINAL, senses=dataclasses.replace(NO_ERRORS, encoder_step_rad=0.01)).position_rad
    np.testing.assert_allclose(stepped / 0.01, np.round(stepped / 0.01), atol=1e-9)


def test_stamps_are_of_when_samples_were_taken():
    steady = log_of(NOMINAL)
    jittery = log_of(NOMINAL, senses=dataclasses.replace(NO_ERRORS, tick_jitter_s=0.0005))
    assert np.std(np.diff(jittery.stamp_s)) > 0.0004
    # At its stamps the jittery log has nearly what the steady one has there (its targets came at other times, too).
    there = np.interp(jittery.stamp_s, steady.stamp_s, steady.position_rad[:, 0])
    off, off_if_even = (
        np.std(jittery.position_rad[:, 0] - there),
        np.std((jittery.position_rad - steady.position_rad)[:, 0]),
    )
    assert 3.0 * off < off_if_even
    with pytest.raises(SurefootError, match=r"a jitter of 0.002 s is too much for 200 Hz"):
        log_of(NOMINAL, senses=dataclasses.replace(NO_ERRORS, tick_jitter_s=0.002))


def test_a_delay_is_a_shift_of_the_targets():
    delayed = dataclasses.replace(NOMINAL, action_delay_s=0.015)
    prompt = dataclasses.replace(NOMINAL, action_delay_s=0.0)
    later = np.concatenate((np.tile(swing()[:1], (3, 1)), swing()[:-3]))
    np.testing.assert_allclose(log_of(delayed).position_rad, log_of(prompt, later).position_rad, atol=1e-9)


def test_an_encoders_offset_is_not_seen_in_the_motion():
    shifted = dataclasses.replace(NOMINAL, encoder_offset_rad=np.full(12, 0.01))
    log = log_of(shifted, swing() + 0.01)
    np.testing.assert_allclose(log.position_rad - 0.01, log_of(NOMINAL).position_rad, atol=1e-9)


def test_a_weak_motor_sags_by_as_much_more():
    """Held still against gravity; without friction the same torque takes twice the error at half the strength."""
    frictionless = dataclasses.replace(NOMINAL, friction_nm=np.zeros(12), damping_nms_per_rad=np.full(12, 1.0))
    still = np.tile(HOME, (200, 1))
    strong, weak = (
        log_of(frictionless, still),
        log_of(dataclasses.replace(frictionless, motor_strength=np.full(12, 0.5)), still),
    )
    sag = HOME - strong.position_rad[-1]
    loaded = np.abs(sag) > 0.01
    assert loaded.sum() >= 4
    ratio = (HOME - weak.position_rad[-1])[loaded] / sag[loaded]
    assert (np.abs(ratio - 2.0) < 0.25).all()  # the leg hangs lower, where gravity pulls otherwise
    np.testing.assert_allclose(strong.torque_nm[-1], 25.0 * sag, atol=0.02)


@pytest.mark.parametrize("kind", KINDS)
def test_each_parameter_of_a_joint_moves_that_leg_alone(kind):
    table = NOMINAL.table.copy()
    table[KINDS.index(kind), 4] += 0.02  # FR_thigh_joint
    changed = np.abs(log_of(JointParameters.of_table(table, 0.01)).position_rad - log_of(NOMINAL).position_rad).max(
        axis=0
    )
    assert changed[4] > 1e-4
    assert (changed[[0, 1, 2, 6, 7, 8, 9, 10, 11]] < 1e-9).all()


def test_hidden_robots_are_within_their_ranges_and_differ():
    one, other = hidden_parameters(GO2, 0), hidden_parameters(GO2, 1)
    for truth in (one, other):
        for kind in KINDS[:3]:
            ratio = getattr(truth, kind) / getattr(NOMINAL, kind)
            assert (ratio.min() >= 0.5, ratio.max() <= 1.5) == (True, True)
        assert np.abs(truth.encoder_offset_rad).max() <= 0.02
        assert 0.0 <= truth.action_delay_s <= 0.025
    assert (one.table != other.table).all()
    np.testing.assert_array_equal(one.table, hidden_parameters(GO2, 0).table)
    np.testing.assert_array_equal(JointParameters.of_table(one.table, 0.0).table, one.table)
