import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.pushes import PushConfig, Pushes

DT = 0.02
NEVER = (1000.0, 1000.0)
KICKS_ONLY = PushConfig(kick_mps=(0.5, 1.0), kick_interval_s=(0.1, 0.2), force_interval_s=NEVER)
FORCES_ONLY = PushConfig(
    kick_interval_s=NEVER, force_n=(50.0, 150.0), force_duration_s=(0.05, 0.15), force_interval_s=(0.1, 0.2)
)


def run(config, xp, steps, robots=50, strength=1.0):
    """Velocity kicks and forces of every step [steps, robots, 3]."""
    pushes, rng = Pushes(config, robots, xp), Rng(0, xp)
    pushes.reset(xp.arange(robots), rng)
    done = [pushes.step(DT, rng, strength) for _ in range(steps)]
    kicks = np.stack([to_numpy(each.velocity_kick_in_world) for each in done])
    forces = np.stack([to_numpy(each.force_in_world_n) for each in done])
    assert [each.any_kick for each in done] == kicks.any((1, 2)).tolist()
    assert [each.any_force for each in done] == forces.any((1, 2)).tolist()
    return kicks, forces


def pulses(forces):
    """(first step, steps) of every pulse of one robot [steps, 3]."""
    acting = np.concatenate([[False], forces.any(1), [False]])
    edges = np.flatnonzero(np.diff(acting.astype(int)))
    return [(start, end - start) for start, end in zip(edges[::2], edges[1::2], strict=True)]


def test_kicks_have_the_configured_strength_and_are_horizontal(xp):
    kicks, forces = run(KICKS_ONLY, xp, 200)
    size = np.linalg.norm(kicks, axis=-1)
    assert kicks.dtype == np.float32
    assert size[size > 0].min() >= 0.5 - 1e-6
    assert size.max() <= 1.0 + 1e-6
    assert not kicks[..., 2].any()
    assert not forces.any()


def test_kicks_come_at_the_configured_intervals(xp):
    kicks, _ = run(KICKS_ONLY, xp, 500)
    for robot in range(50):
        between_s = np.diff(np.flatnonzero(kicks[:, robot].any(-1))) * DT
        assert between_s.min() >= 0.1 - 1e-6
        assert between_s.max() <= 0.2 + DT + 1e-6


def test_kicks_go_everywhere(xp):
    kicks, _ = run(KICKS_ONLY, xp, 500)
    thrown = kicks[kicks.any(-1)]
    directions = np.arctan2(thrown[:, 1], thrown[:, 0])
    quadrants = np.histogram(directions, bins=4, range=(-np.pi, np.pi))[0] / len(directions)
    np.testing.assert_allclose(quadrants, 0.25, atol=0.03)


def test_forces_last_and_pause_as_configured(xp):
    _, forces = run(FORCES_ONLY, xp, 500)
    assert not forces[..., 2].any()
    for robot in range(50):
        found = pulses(forces[:, robot])[:-1]  # the last may be cut short
        assert len(found) > 20
        for start, steps in found:
            assert 3 <= steps <= 8  # 0.05 s take three steps of 0.02 s, 0.15 s take eight
            full = np.linalg.norm(forces[start : start + steps - 1, robot], axis=-1)
            np.testing.assert_allclose(full, full[0], rtol=1e-5)
            assert 50 - 1e-3 <= full[0] <= 150 + 1e-3
        ends = np.array([start + steps for start, steps in found[:-1]])
        pauses_s = (np.array([start for start, _ in found[1:]]) - ends) * DT
        assert pauses_s.min() >= 0.1 - DT - 1e-6
        assert pauses_s.max() <= 0.2 + DT + 1e-6


def test_the_last_part_of_a_step_gives_the_exact_impulse(xp):
    config = PushConfig(
        kick_interval_s=NEVER, force_n=(100.0, 100.0), force_duration_s=(0.05, 0.05), force_interval_s=(0.1, 0.1)
    )
    _, forces = run(config, xp, 12, robots=1)
    size = np.linalg.norm(forces[:, 0], axis=-1)
    np.testing.assert_allclose(size[size > 0], [100.0, 100.0, 50.0], rtol=1e-4)  # 2.5 steps of 0.02 s
    assert size.sum() * DT == pytest.approx(100.0 * 0.05, rel=1e-4)


def test_strength_scales_both(xp):
    full, half = run(KICKS_ONLY, xp, 50)[0], run(KICKS_ONLY, xp, 50, strength=0.5)[0]
    np.testing.assert_allclose(half, 0.5 * full, rtol=1e-6)
    full, half = run(FORCES_ONLY, xp, 50)[1], run(FORCES_ONLY, xp, 50, strength=0.5)[1]
    np.testing.assert_allclose(half, 0.5 * full, rtol=1e-6)


def test_reset_ends_a_force_for_its_robots_only(xp, array):
    pushes, rng = Pushes(FORCES_ONLY, 2, xp), Rng(1, xp)
    pushes.reset(xp.arange(2), rng)
    both = np.zeros(2, dtype=bool)
    while not both.all():
        both = to_numpy(pushes.step(DT, rng).force_in_world_n).any(-1)
    pushes.reset(array([0]), rng)
    assert to_numpy(pushes.step(0.001, rng).force_in_world_n).any(-1).tolist() == [False, True]


def test_goes_on_from_a_saved_state(xp):
    config = PushConfig(kick_interval_s=(0.1, 0.2), force_interval_s=(0.1, 0.2))
    pushes, rng = Pushes(config, 4, xp), Rng(0, xp)
    pushes.reset(xp.arange(4), rng)
    for _ in range(20):
        pushes.step(DT, rng)
    resumed, its_rng = Pushes(config, 4, xp), Rng(1, xp)
    resumed.load_state_dict(pushes.state_dict())
    its_rng.load_state_dict(rng.state_dict())
    for _ in range(50):
        one, other = pushes.step(DT, rng), resumed.step(DT, its_rng)
        assert to_numpy(one.force_in_world_n).tolist() == to_numpy(other.force_in_world_n).tolist()
        assert to_numpy(one.velocity_kick_in_world).tolist() == to_numpy(other.velocity_kick_in_world).tolist()


def test_nobody_is_pushed_in_the_first_interval(xp):
    pushes, rng = Pushes(PushConfig(), 3, xp), Rng(0, xp)
    for _ in range(249):  # 4.98 s of at least 5
        step = pushes.step(DT, rng)
        assert not step.any_kick
        assert not step.any_force


def test_a_negative_force_is_refused():
    with pytest.raises(SurefootError, match=r"PushConfig: force_n \(-50\.0, 50\.0\) is out of bounds"):
        PushConfig(force_n=(-50.0, 50.0))
