"""What holds for whatever is measured, however well."""

import math
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from measured import GO2, calibration

from surefoot_robots.calibration import Measured
from surefoot_robots.calibration_physical import PHYSICAL
from surefoot_training.task.arrays import Rng
from surefoot_training.task.calibrated import calibrated_task, changes, measured_robot
from surefoot_training.task.randomization import sample
from surefoot_training.task.tasks import TASKS

FLAT = TASKS["velocity-flat"]
TOGETHER = {name for name in PHYSICAL if name.startswith("base_inertia")} | {"foot_friction"}
"""With rules of their own: one body's inertia, one floor's friction (tests/unit/task/test_calibrated_trunk.py)."""
NOISES = {"gyro_noise_radps", "gyro_drift_radps_per_sqrt_s"}
"""Have no range: test_measured_imu.py."""
OF_JOINTS = ("armature_kgm2", "damping_nms_per_rad", "friction_nm", "motor_strength", "encoder_offset_rad")


@st.composite
def measurements(draw):
    """Of any parameter: values that a robot can have, intervals that need not be."""
    name = draw(st.sampled_from(sorted(set(PHYSICAL) - TOGETHER - NOISES)))
    low, high = PHYSICAL[name]
    value = draw(st.floats(max(low, 1e-6) if name == "armature_kgm2" else low, min(high, 30.0)))
    below, above = draw(st.floats(0.0, 3.0)), draw(st.floats(0.0, 3.0))
    verdict = draw(st.sampled_from(("identified", "weak", "not_identifiable")))
    joint = draw(st.sampled_from(GO2.joint_names)) if name in OF_JOINTS else None
    return Measured(name, joint, value, value - below, value + above, verdict)


@given(one=measurements(), factor=st.floats(1.0, 100.0))
@settings(max_examples=300)
def test_physical_and_not_narrower_than_the_interval(one, factor):
    (found,) = changes(FLAT, GO2, calibration(one), factor)
    low, high = found.range
    assert low <= high
    if one.verdict == "not_identifiable":
        assert (found.range, found.value) == (found.before_range, found.before)
        return
    least, most = PHYSICAL[one.name]
    slack = 1e-9 * max(1.0, abs(low), abs(high))
    assert least - slack <= low
    assert high <= most + slack
    assert low <= max(one.low, least) + slack
    assert high >= min(one.high, most) - slack


@given(one=measurements())
@settings(max_examples=300)
def test_a_larger_factor_is_never_a_narrower_range(one):
    widths = []
    for factor in (1.0, 1.5, 2.0, 10.0):
        (found,) = changes(FLAT, GO2, calibration(one), factor)
        widths.append(found.range[1] - found.range[0])
    assert all(before <= after or math.isclose(before, after) for before, after in pairwise(widths))


@given(rows=st.lists(measurements(), max_size=6, unique_by=lambda one: (one.name, one.joint)), seed=st.integers(0, 99))
@settings(max_examples=50)
def test_what_is_drawn_is_a_robot(rows, seed):
    task, robot = calibrated_task(FLAT, GO2, calibration(*rows)), measured_robot(GO2, calibration(*rows))
    drawn = sample(task.randomization, 20, Rng(seed, np))
    for name, scale in (("armature_kgm2", "armature_scale"), ("friction_nm", "joint_friction_scale")):
        assert (getattr(robot, name) * drawn[scale] >= 0.0).all()
    assert (drawn["motor_strength"] >= np.float32(0.1)).all()
    assert (drawn["action_delay_s"] >= 0.0).all()
    trunk_kg = robot.trunk.inertial.mass_kg * drawn["link_mass_scale"][:, 0] + drawn["base_mass_added_kg"]
    assert (trunk_kg > 0.05).all()  # 0.1 but for rounding to float32
