"""Robots with hidden parameters are found again, with honest intervals; what a log does not tell is left alone."""

import dataclasses

import numpy as np
import pytest

from surefoot_calibration.air.identify import identify_in_air
from surefoot_calibration.air.model import AirModel
from surefoot_calibration.air.motions import triangle
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.priors import priors_of
from surefoot_calibration.air.synthetic import NO_ERRORS, hidden_parameters, synthetic_log
from surefoot_calibration.air.together import Together
from surefoot_calibration.air.verdicts import is_inseparable
from surefoot_calibration.air.windows import cut
from surefoot_calibration.log.gains import parse_gains
from surefoot_robots.loader import load_robot

GO2 = load_robot("go2")
TRUTH = hidden_parameters(GO2, 3)
VECTOR = np.append(TRUTH.table.ravel(), TRUTH.action_delay_s)
PLAN = make_plan(GO2, PlanOptions(seconds=6.0), random_phases(np.random.default_rng(0)))
KINDS = {"armature_kgm2": slice(0, 12), "damping_nms_per_rad": slice(12, 24), "friction_nm": slice(24, 36)}


def silent(_: str) -> None:
    """Nobody listens."""


@pytest.fixture(scope="module")
def log():
    return synthetic_log(GO2, TRUTH, PLAN.target_rad, seed=3)


@pytest.fixture(scope="module")
def found(log):
    # Some readings far off, as encoders have them now and then.
    spoilt = log.position_rad.copy()
    spoilt[100:1100:97, 2] += 0.05
    return identify_in_air([dataclasses.replace(log, position_rad=spoilt)], GO2, silent)


def values(found):
    return np.array([estimate.value for estimate in found.estimates])


def test_hidden_parameters_are_found(found):
    off = values(found) - VECTOR
    for places in KINDS.values():
        assert np.median(np.abs(off[places] / VECTOR[places])) < 0.02
    assert np.median(np.abs(off[36:48])) < 0.003  # offsets: six seconds tell little of them
    assert np.median(np.abs(off[48:60])) < 0.01
    assert abs(off[60]) < 0.0002


def test_intervals_hold_the_truth_and_are_narrow(found):
    inside = [one.low <= truth <= one.high for one, truth in zip(found.estimates, VECTOR, strict=True)]
    assert np.mean(inside) > 0.8  # one log, whose parameters share its errors: the mean over many is near 0.95
    width = np.array([one.high - one.low for one in found.estimates])
    assert np.median(width[:36] / VECTOR[:36]) < 0.06
    by_name = {(one.name, one.joint): one.verdict for one in found.estimates}
    assert by_name["action_delay_s", None] == "identified"
    assert by_name["friction_nm", "FL_thigh_joint"] == "identified"


def test_errors_fall_where_nothing_was_fitted(found):
    assert found.held_out.joints == GO2.joint_names
    before, after = (np.delete(rms, 2) for rms in (found.held_out.before_rad, found.held_out.after_rad))
    assert (after < before / 3.0).all()
    assert np.median(after) < 0.001  # of 0.5 mrad of noise and a beginning that is not fitted
    assert found.held_out.after < found.held_out.before
    assert np.median(found.noise_rad) == pytest.approx(0.0005, rel=0.1)
    assert found.outliers >= 9


def test_a_robot_that_hangs_still_tells_nothing_and_keeps_its_file():
    still = np.tile(GO2.default_joint_position_rad, (640, 1))
    found = identify_in_air([synthetic_log(GO2, TRUTH, still)], GO2, silent)
    moving = [one for one in found.estimates if one.name in {*KINDS, "action_delay_s"}]
    assert {one.verdict for one in moving} <= {"weak", "not_identifiable"}
    lost = [one for one in found.estimates if one.verdict == "not_identifiable"]
    assert {"armature_kgm2", "damping_nms_per_rad", "action_delay_s"} <= {one.name for one in lost}
    assert all(one.value == one.prior and one.advice for one in lost)
    assert [one.value for one in lost if one.name == "action_delay_s"] == [GO2.action_delay_s]


def test_a_slow_triangle_does_not_tell_delay_from_armature():
    t = np.arange(600) / 100.0
    swing = np.tile([0.3, 0.5, 0.4], 4) * triangle(t[:, None] * np.tile([0.4, 0.3, 0.25], 4))
    log = synthetic_log(GO2, TRUTH, GO2.default_joint_position_rad + swing, rate_hz=100.0, seed=3)
    found = identify_in_air([log], GO2, silent, threads=1)
    assert is_inseparable(found.estimates)
    delay, armature = found.estimates[60], found.estimates[:12]
    assert (delay.verdict, delay.value, delay.tied_to) == ("not_identifiable", GO2.action_delay_s, "armature_kgm2")
    kept = [one for one in armature if one.verdict == "not_identifiable"]
    assert len(kept) >= 6
    assert all((one.value, one.tied_to) == (one.prior, "action_delay_s") for one in kept)
    # With another delay than the true one, damping must not look any surer than it is.
    inside = [
        one.low <= truth <= one.high
        for one, truth in zip(found.estimates, VECTOR, strict=True)
        if one.name == "damping_nms_per_rad"
    ]
    assert np.mean(inside) >= 10 / 12


def test_slopes_are_those_of_the_errors(log):
    model = AirModel(log, cut(log, 0.005), GO2)
    priors = priors_of(GO2)
    steps = 1e-3 * priors.deviation
    errors = model.errors_rad(VECTOR)
    slopes = model.slopes(VECTOR, errors, steps)
    for place in (4, 15, 26, 41, 52, 60):  # one of each kind
        moved = VECTOR.copy()
        moved[place] += steps[place] if place < 60 else 0.0005
        expected = (model.errors_rad(moved) - errors) / (moved - VECTOR)[place]
        np.testing.assert_allclose(slopes[:, :, place], expected, rtol=0.05, atol=0.05 * np.abs(expected).max())
    assert (slopes[:, 6:, 4] == 0.0).all()  # another leg's


def test_fine_steps_leave_next_to_no_error_at_the_truth():
    exact = synthetic_log(GO2, TRUTH, PLAN.target_rad, senses=NO_ERRORS)
    errors = AirModel(exact, cut(exact, 0.001), GO2).errors_rad(VECTOR)
    # Right behind a window's beginning its speed is not known to be better.
    assert np.sqrt(np.mean(np.square(errors[300:390]))) < 5e-5


def test_logs_with_other_gains_are_simulated_each_with_its_own():
    first, second = (
        synthetic_log(GO2, TRUTH, PLAN.target_rad[:400], gains=parse_gains(gains, GO2.joint_names), senses=NO_ERRORS)
        for gains in ("25,0.5", "40,1")
    )
    models = [AirModel(log, cut(log, 0.0025), GO2) for log in (first, second)]
    together = Together(models)
    errors = together.errors_rad(VECTOR)
    np.testing.assert_array_equal(errors, np.concatenate([model.errors_rad(VECTOR) for model in models]))
    assert np.sqrt(np.mean(np.square(errors))) < 3e-4  # with the other's gains it would be 0.01
    assert len(set(together.window_of)) == models[0].windows.count + models[1].windows.count
    steps, first = 1e-3 * priors_of(GO2).deviation, len(models[0].measured_rad)
    np.testing.assert_array_equal(
        together.slopes(VECTOR, errors, steps)[first:], models[1].slopes(VECTOR, errors[first:], steps)
    )
