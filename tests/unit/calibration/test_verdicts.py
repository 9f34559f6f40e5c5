"""Priors, intervals and verdicts on problems small enough for textbook formulas."""

import numpy as np
import pytest
from joint_logs import GO2

from surefoot_calibration.air.fit import Fitted
from surefoot_calibration.air.priors import priors_of
from surefoot_calibration.air.uncertainty import DISCRETE_S, UNKNOWN_RAD, Uncertainty, uncertainty
from surefoot_calibration.air.verdicts import ADVICE, estimates, names_of, verdicts

PRIORS = priors_of(GO2)
NAMES = names_of(GO2)
SAMPLES = 2000


def place_of(name, joint="FL_hip_joint"):
    return NAMES.index((name, None if name == "action_delay_s" else joint))


def test_priors_are_the_files_values_with_room():
    place = place_of("armature_kgm2")
    assert (PRIORS.mean[place], PRIORS.deviation[place]) == (0.00448, 0.00448)
    assert (PRIORS.mean[-1], PRIORS.lower[-1], PRIORS.upper[-1]) == (0.01, 0.0, 0.05)
    assert (PRIORS.mean[place_of("motor_strength")], PRIORS.mean[place_of("encoder_offset_rad")]) == (1.0, 0.0)
    assert (PRIORS.lower < PRIORS.mean).all()
    assert (PRIORS.mean < PRIORS.upper).all()
    assert len(PRIORS.mean) == len(NAMES) == 61


def fitted(errors, *, free=(0, 60), noise_rad=0.0005):
    """Two parameters that the errors depend on, at right angles, as much as `slope` says."""
    slopes = np.zeros((SAMPLES, 12, 61))
    slopes[:, 0, 0] = 1000.0
    slopes[::2, 1, 60], slopes[1::2, 1, 60] = 500.0, -500.0
    chosen = np.zeros(61)
    chosen[list(free)] = 1.0
    return Fitted(PRIORS.mean.copy(), chosen, errors, slopes, np.full(12, noise_rad), 0)


def test_independent_errors_have_the_textbooks_intervals():
    errors = np.random.default_rng(0).standard_normal((SAMPLES, 12))
    known = uncertainty(fitted(errors), PRIORS, np.zeros(SAMPLES), 200.0)
    # 1.96 / (slope √samples), and the prior tells next to nothing.
    assert known.half_width[0] == pytest.approx(1.96 / (1000.0 * np.sqrt(SAMPLES)), rel=0.1)
    assert known.half_width[60] == pytest.approx(1.96 / (500.0 * np.sqrt(SAMPLES)), rel=0.1)
    assert known.half_width[60] > DISCRETE_S
    assert (known.half_width[1:60] == 0.0).all()
    assert abs(known.correlation[0, 60]) < 1e-6
    # A fifth of the noise in all samples, against 1 / √samples of it: σ / 5 · √2000 / 1.96 half widths.
    shift = UNKNOWN_RAD / 0.0005 / 1000.0
    assert known.systematic[0] == pytest.approx(shift, rel=0.1)
    assert known.systematic[60] == pytest.approx(2.0 * shift * np.sqrt(12.0), rel=0.1)


def test_errors_that_last_widen_what_they_push():
    rng = np.random.default_rng(1)
    errors = rng.standard_normal((SAMPLES, 12))
    lasting = errors.copy()
    lasting[:, 0] = np.repeat(rng.standard_normal(SAMPLES // 10), 10)
    window_of = np.repeat(np.arange(4.0), SAMPLES // 4)
    plain, wide = (uncertainty(fitted(each), PRIORS, window_of, 200.0).half_width for each in (errors, lasting))
    # Ten alike: √10 as wide, of which a window of 20 lags sees three quarters; the other parameter's are independent.
    assert 2.0 < wide[0] / plain[0] < 3.5
    assert wide[60] / plain[60] == pytest.approx(1.0, abs=0.15)


def known_to(name, half_width, systematic=0.0):
    half, shift = np.zeros(61), np.zeros(61)
    half[place_of(name)], shift[place_of(name)] = half_width, systematic
    return Uncertainty(half, np.eye(61), shift)


@pytest.mark.parametrize(
    ("name", "half_width", "verdict"),
    [
        ("armature_kgm2", 0.0004, "identified"),  # 9 %
        ("armature_kgm2", 0.0005, "weak"),  # 11 %
        ("armature_kgm2", 0.0045, "not_identifiable"),  # half of 1.96 · 0.00448
        ("encoder_offset_rad", 0.004, "identified"),
        ("encoder_offset_rad", 0.006, "weak"),
        ("motor_strength", 0.2, "not_identifiable"),
        ("action_delay_s", 0.0009, "identified"),
        ("action_delay_s", 0.0011, "weak"),
        ("action_delay_s", 0.0099, "not_identifiable"),
    ],
)
def test_verdicts(name, half_width, verdict):
    place = place_of(name)
    assert verdicts(PRIORS.mean, known_to(name, half_width), PRIORS, GO2)[place] == verdict
    # What no model gets rid of counts as much, while the interval stays what the log says.
    known = known_to(name, 0.0, half_width)
    assert verdicts(PRIORS.mean, known, PRIORS, GO2)[place] == verdict
    estimate = estimates(PRIORS.mean, known, verdicts(PRIORS.mean, known, PRIORS, GO2), PRIORS, GO2)[place]
    assert (estimate.low == estimate.value == estimate.high) is (verdict != "not_identifiable")
    assert estimate.advice == ("" if verdict == "identified" else ADVICE[name])


def unsure(joints, delay_s):
    """Of the armature of so many joints 15 %, and of the delay."""
    half = np.zeros(61)
    half[:joints] = 0.15 * PRIORS.mean[:joints]
    half[-1] = delay_s
    return Uncertainty(half, np.eye(61), np.zeros(61))


def test_a_log_that_settles_neither_delay_nor_armature_does_not_tell_them_apart():
    known = unsure(7, 0.002)
    found = verdicts(PRIORS.mean, known, PRIORS, GO2)
    assert found[:12] == ["not_identifiable"] * 7 + ["identified"] * 5
    assert found[12:60] == ["identified"] * 48
    assert found[60] == "not_identifiable"
    rows = estimates(PRIORS.mean, known, found, PRIORS, GO2)
    assert [row.tied_to for row in (rows[0], rows[8], rows[60])] == ["action_delay_s", "", "armature_kgm2"]
    # What was known before: twice the file's deviation, within what can be.
    assert (rows[60].low, rows[60].high) == (0.0, pytest.approx(0.0296))


@pytest.mark.parametrize(("joints", "delay_s"), [(5, 0.002), (12, 0.0005)])
def test_one_of_them_settled_is_enough(joints, delay_s):
    found = verdicts(PRIORS.mean, unsure(joints, delay_s), PRIORS, GO2)
    assert "not_identifiable" not in found
    assert found[:joints] == ["weak"] * joints


def test_a_value_at_its_bound_is_weak_but_no_delay_is_a_delay():
    vector = PRIORS.mean.copy()
    vector[place_of("friction_nm")] = PRIORS.lower[place_of("friction_nm")]
    vector[-1] = 0.0
    found = verdicts(vector, known_to("friction_nm", 1e-9), PRIORS, GO2)
    assert found[place_of("friction_nm")] == "weak"
    assert found[-1] == "identified"


def test_intervals_stay_within_what_can_be_and_name_what_they_are_tied_to():
    known = known_to("action_delay_s", 0.02)
    tied = np.eye(61)
    tied[60, 4] = tied[4, 60] = -0.95
    known = Uncertainty(known.half_width, tied, known.systematic)
    delay = estimates(PRIORS.mean, known, verdicts(PRIORS.mean, known, PRIORS, GO2), PRIORS, GO2)[60]
    assert (delay.low, delay.high, delay.joint, delay.unit) == (0.0, 0.03, None, "s")
    assert delay.tied_to == "armature_kgm2 of FR_thigh_joint"
