import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.scan_sensor import ScanConfig, ScanSensor

DT, NONE = 0.02, (0.0, 0.0)
PERFECT = {
    "period_s": (0.06, 0.06),
    "latency_s": NONE,
    "noise_m": 0.0,
    "offset_m": NONE,
    "drop_probability": 0.0,
    "lost_share": 0.0,
}


def make(xp, robots=1, points=2, **settings):
    sensor, rng = ScanSensor(ScanConfig(**{**PERFECT, **settings}), robots, points, xp), Rng(0, xp)
    sensor.reset(xp.arange(robots), rng)
    return sensor, rng


def run(xp, steps, robots=1, points=2, **settings):
    """Heights and validity shown in each step, while the ground rises by 1 m per step."""
    sensor, rng = make(xp, robots, points, **settings)
    shown = [sensor.measure(xp.full((robots, points), float(step), dtype=xp.float32), DT, rng) for step in range(steps)]
    return np.stack([to_numpy(heights) for heights, _ in shown]), np.stack([to_numpy(valid) for _, valid in shown])


def test_is_held_between_two_captures(xp):
    heights, valid = run(xp, 7)
    assert heights[:, 0, 0].tolist() == [0, 0, 0, 3, 3, 3, 6]
    assert valid.all()


def test_is_shown_after_its_latency_and_invalid_zeros_before(xp):
    heights, valid = run(xp, 8, latency_s=(0.04, 0.04))
    assert heights[:, 0, 0].tolist() == [0, 0, 0, 0, 0, 3, 3, 3]
    assert valid[:, 0].tolist() == [False, False, True, True, True, True, True, True]


def test_a_scan_that_never_arrives_leaves_the_last_one(xp):
    heights, valid = run(xp, 10, robots=500, drop_probability=0.3)
    assert (1 - valid[0].mean()) == pytest.approx(0.3, abs=0.05)
    assert set(heights[9, :, 0].tolist()) == {0.0, 3.0, 6.0, 9.0}
    assert (heights[9, :, 0] == 9.0).mean() == pytest.approx(0.7, abs=0.05)


def test_robots_without_a_scan_see_invalid_zeros_for_the_whole_episode(xp):
    heights, valid = run(xp, 10, robots=500, lost_share=0.2)
    lost = ~valid.any(0)
    assert lost.mean() == pytest.approx(0.2, abs=0.05)
    assert not heights[:, lost].any()
    assert valid[:, ~lost].all()


def test_noise_is_per_point_and_offset_per_robot(xp):
    heights, _ = run(xp, 1, robots=300, points=50, noise_m=0.05, offset_m=(-0.2, 0.2))
    offsets = heights[0].mean(1)
    assert (heights[0] - offsets[:, None]).std() == pytest.approx(0.05, rel=0.05)
    assert abs(offsets).max() <= 0.2 + 5 * 0.05 / np.sqrt(50)
    assert offsets.std() == pytest.approx(0.4 / np.sqrt(12), rel=0.1)


def test_offset_is_added(xp):
    heights, _ = run(xp, 1, offset_m=(0.02, 0.02))
    np.testing.assert_allclose(heights[0], 0.02, rtol=1e-6)


def test_reset_forgets_the_scan_of_its_robots_only(xp, array):
    sensor, rng = make(xp, robots=2, latency_s=(0.04, 0.04))
    for _ in range(4):
        sensor.measure(xp.ones((2, 2), dtype=xp.float32), DT, rng)
    sensor.reset(array([1]), rng)
    heights, valid = sensor.measure(xp.full((2, 2), 5.0, dtype=xp.float32), DT, rng)
    assert to_numpy(valid).tolist() == [True, False]
    assert to_numpy(heights).tolist() == [[1.0, 1.0], [0.0, 0.0]]


def test_first_look_of_reset_robots_has_their_rows_only(xp, array):
    sensor, rng = make(xp, robots=3)
    sensor.measure(xp.ones((3, 2), dtype=xp.float32), DT, rng)
    sensor.reset(array([0, 2]), rng)
    heights, valid = sensor.measure(xp.full((2, 2), 7.0, dtype=xp.float32), DT, rng, array([0, 2]))
    assert to_numpy(heights).tolist() == [[7.0, 7.0]] * 2
    assert to_numpy(valid).tolist() == [True, True]
    # That look belongs to the step in which the others captured too, so all capture together three steps later.
    seen = [sensor.measure(xp.full((3, 2), ground, dtype=xp.float32), DT, rng)[0] for ground in (8.0, 9.0, 10.0)]
    assert [to_numpy(heights)[:, 0].tolist() for heights in seen] == [[7, 1, 7], [7, 1, 7], [10, 10, 10]]


def test_without_points_there_is_nothing_to_see(xp):
    heights, valid = run(xp, 3, points=0)
    assert heights.shape == (3, 1, 0)
    assert not valid.any()


def test_goes_on_from_a_saved_state(xp):
    settings = {"latency_s": (0.01, 0.05), "noise_m": 0.1, "drop_probability": 0.3}
    (sensor, rng), (resumed, its_rng) = make(xp, 4, **settings), make(xp, 4, **settings)
    for step in range(5):
        sensor.measure(xp.full((4, 2), float(step), dtype=xp.float32), DT, rng)
    resumed.load_state_dict(sensor.state_dict())
    its_rng.load_state_dict(rng.state_dict())
    for step in range(5, 20):
        one, other = (
            model.measure(xp.full((4, 2), float(step), dtype=xp.float32), DT, source)
            for model, source in ((sensor, rng), (resumed, its_rng))
        )
        assert to_numpy(one[0]).tolist() == to_numpy(other[0]).tolist()
        assert to_numpy(one[1]).tolist() == to_numpy(other[1]).tolist()


def test_a_latency_longer_than_the_period_is_refused():
    with pytest.raises(SurefootError, match=r"latency_s up to 0\.2 is longer than period_s from 0\.1"):
        ScanConfig(latency_s=(0.0, 0.2), period_s=(0.1, 0.3))
    ScanConfig(latency_s=(0.0, 0.1), period_s=(0.1, 0.3))
