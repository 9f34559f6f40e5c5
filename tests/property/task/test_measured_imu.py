"""Noise that was measured, however well: never less than it may be, never more than can be."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from measured import GO2, calibration

from surefoot_robots.calibration import Measured
from surefoot_robots.calibration_physical import PHYSICAL
from surefoot_training.task.calibrated import calibrated_task
from surefoot_training.task.tasks import TASKS

FLAT = TASKS["velocity-flat"]


@st.composite
def noises(draw):
    name = draw(st.sampled_from(("gyro_noise_radps", "gyro_drift_radps_per_sqrt_s")))
    value = draw(st.floats(0.0, PHYSICAL[name][1]))
    below, above = draw(st.floats(0.0, 1.0)), draw(st.floats(0.0, 1.0))
    verdict = draw(st.sampled_from(("identified", "weak", "not_identifiable")))
    return Measured(name, None, value, value - below, value + above, verdict)


@given(one=noises())
def test_noise_holds_what_it_may_be(one):
    before, most = getattr(FLAT.sensors, one.name), PHYSICAL[one.name][1]
    sizes = [
        getattr(calibrated_task(FLAT, GO2, calibration(one), factor).sensors, one.name) for factor in (1.0, 2.0, 50.0)
    ]
    if one.verdict == "not_identifiable":
        assert set(sizes) == {before}
        return
    for size in sizes:
        assert min(one.high, most) <= size <= max(min(one.high, most), before)
    assert all(less <= more for less, more in pairwise(sizes))
    if one.verdict == "weak":
        assert sizes[0] >= before
