"""Springs with known dead times."""

import numpy as np
import pytest
from joint_logs import GO2, Motion

from surefoot_calibration.log.read import read_log
from surefoot_calibration.sensors.latency import JOINT_S, _spring, latency
from surefoot_robots.errors import SurefootError

STEP_S = 0.0005


def moved(tmp_path, delay_s, seconds=14.0, *, seed=0, wave="steps"):
    """Joint 1 answers steps to and fro as a spring of 30 rad/s; the others stand."""
    rng = np.random.default_rng(seed)
    motion = Motion(seconds)
    home = GO2.default_joint_position_rad
    motion.q_cmd[:] = home
    if wave == "steps":
        motion.q_cmd[:, 1] += 0.2 * np.sign(np.sin(2.0 * np.pi * 0.8 * motion.t**1.1))
    else:
        motion.q_cmd[:, 1] += 0.2 * np.sin(2.0 * np.pi * 0.05 * motion.t)
    fine = np.arange(0.0, seconds, STEP_S)
    held = motion.q_cmd[np.maximum(np.searchsorted(motion.t, fine - delay_s, side="right") - 1, 0), 1]
    # Semi-implicit steps, ten to each of the filter's: another way than the one that is tested.
    angle, speed, answer = held[0], 0.0, np.empty_like(fine)
    for row, wanted in enumerate(held):
        answer[row] = angle
        for _ in range(10):
            speed += 0.1 * STEP_S * (900.0 * (wanted - angle) - 2.0 * 0.5 * 30.0 * speed)
            angle += 0.1 * STEP_S * speed
    motion.q[:] = home + 2e-4 * rng.standard_normal(motion.q.shape)
    motion.q[:, 1] = np.interp(motion.t, fine, answer) + 2e-4 * rng.standard_normal(len(motion.t))
    motion.dq[:] = np.gradient(motion.q, motion.t, axis=0)
    return read_log(motion.write_csv(tmp_path / "a.csv"), GO2)


@pytest.mark.parametrize("delay_s", [0.0, 0.0072, 0.021])
def test_the_dead_time_is_found(tmp_path, delay_s):
    found = latency(moved(tmp_path, delay_s))
    (joint,) = found.joints
    assert joint.joint == "FL_thigh_joint"
    assert joint.latency.value == pytest.approx(delay_s, abs=3e-4)
    assert joint.latency.low <= delay_s <= joint.latency.high
    assert joint.latency.high - joint.latency.value < 2.0 * JOINT_S
    assert joint.fit > 0.99
    # The spring's own slowness comes on top: 2 ζ / ω is 33 ms.
    assert delay_s + 0.01 < joint.lag_s < delay_s + 0.06
    assert found.robot.value == joint.latency.value


def test_slow_motion_tells_nothing(tmp_path):
    found = latency(moved(tmp_path, 0.01, wave="slow"))
    assert found.joints[0].latency.verdict == "not_identifiable"
    assert "chirp" in found.joints[0].latency.needs


def test_logs_that_are_too_short_or_still(tmp_path):
    with pytest.raises(SurefootError, match=r"a\.csv: 5\.0 s: must be at least 10\.5"):
        latency(moved(tmp_path, 0.01, 5.0))
    log = moved(tmp_path, 0.01, 12.0)
    log.target_rad[:] = GO2.default_joint_position_rad
    with pytest.raises(SurefootError, match=r"no joint's target swings by 0\.02 rad"):
        latency(log)


def test_the_filter_is_the_springs_step():
    """1 - e^{-ζωt} (cos ω' t + ζω/ω' sin ω' t), ω' = ω √(1 - ζ²)."""
    target = np.concatenate((np.zeros(1), np.ones(400)))
    t = STEP_S * (np.arange(401) - 1)
    damped = 30.0 * np.sqrt(0.75)
    expected = 1.0 - np.exp(-15.0 * t) * (np.cos(damped * t) + 15.0 / damped * np.sin(damped * t))
    np.testing.assert_allclose(_spring(target, 30.0, 0.5)[1:], expected[1:], atol=1e-9)
