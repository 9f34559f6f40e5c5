import math

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.commands import CommandConfig, CommandSampler, ramped, without_creeping

DT = 0.02
MOVING = {"standing_share": 0.0, "heading_share": 0.0, "minimum_speed_mps": 0.0, "minimum_yaw_rate_radps": 0.0}
AT_ONCE = {"acceleration_mps2": 1e12, "yaw_acceleration_radps2": 1e12}
NO_TIME_S = 1e-9


def draw(xp, robots=4000, seed=0, band=None, **settings):
    """A sampler whose commands are what was drawn, unless settings say how fast they may change."""
    sampler, rng = CommandSampler(CommandConfig(**{**MOVING, **AT_ONCE, **settings}), robots, xp), Rng(seed, xp)
    everyone = xp.arange(robots)
    if band is not None:
        sampler.set_speed_band(everyone, xp.asarray(np.tile(np.float32(band), (robots, 1))))
    sampler.reset(everyone, rng)
    sampler.step(xp.zeros(robots, dtype=xp.float32), NO_TIME_S, rng)
    return sampler, rng


def test_without_creeping(array):
    # Walks; too slow to walk, but turns; too slow for either; turns slowly while walking, which is left alone.
    command, standing = without_creeping(
        array([[0.3, 0.0, 0.0], [0.06, 0.06, 0.5], [0.06, -0.06, 0.05], [0.06, 0.09, 0.05]]),
        minimum_speed_mps=0.1,
        minimum_yaw_rate_radps=0.1,
    )
    np.testing.assert_allclose(to_numpy(command), [[0.3, 0, 0], [0, 0, 0.5], [0, 0, 0], [0.06, 0.09, 0.05]], atol=1e-7)
    assert to_numpy(standing).tolist() == [False, False, True, False]


def test_commands_fill_their_ranges_evenly(xp):
    command = to_numpy(draw(xp, vx_mps=(-0.6, 1.0), vy_mps=(-0.5, 0.5), yaw_rate_radps=(-1.0, 2.0))[0].velocity_command)
    assert command.dtype == np.float32
    for axis, (low, high) in enumerate([(-0.6, 1.0), (-0.5, 0.5), (-1.0, 2.0)]):
        counts, _ = np.histogram(command[:, axis], bins=8, range=(low, high))
        assert counts.sum() == len(command)
        np.testing.assert_allclose(counts / len(command), 1 / 8, atol=0.025)


@pytest.mark.parametrize("band", [(0.0, 0.25), (0.5, 0.75), (0.75, 1.0)])
def test_speed_band_is_a_ring_filled_evenly(xp, band):
    command = to_numpy(draw(xp, vx_mps=(-1.0, 2.0), vy_mps=(-0.5, 0.5), band=band)[0].velocity_command)
    reach = np.maximum(np.where(command[:, 0] > 0, command[:, 0] / 2.0, -command[:, 0]), abs(command[:, 1]) / 0.5)
    assert reach.min() >= band[0] - 1e-4
    assert reach.max() <= band[1] + 1e-4
    inside = (reach**2 - band[0] ** 2) / (band[1] ** 2 - band[0] ** 2)  # uniform, as area grows with the square
    np.testing.assert_allclose(np.histogram(inside, bins=4, range=(-0.01, 1.01))[0] / len(inside), 0.25, atol=0.04)
    assert abs(command[:, 2]).max() <= band[1] + 1e-6


def test_standing_share(xp):
    sampler, _ = draw(xp, standing_share=0.3)
    standing, command = to_numpy(sampler.standing), to_numpy(sampler.velocity_command)
    assert standing.mean() == pytest.approx(0.3, abs=0.03)
    assert not command[standing].any()
    assert command[~standing].any(-1).all()


def test_commands_change_after_their_interval(xp):
    sampler, rng = draw(xp, robots=100, interval_s=(0.2, 0.4))
    heading = xp.zeros(100, dtype=xp.float32)
    before, changes = to_numpy(sampler.velocity_command), [[] for _ in range(100)]
    for step in range(200):
        sampler.step(heading, DT, rng)
        now = to_numpy(sampler.velocity_command)
        for robot in np.flatnonzero((now != before).any(-1)):
            changes[robot].append(step)
        before = now
    for steps in changes:
        between_s = np.diff([-1, *steps]) * DT
        assert between_s.min() >= 0.2 - 1e-6
        assert between_s.max() <= 0.4 + DT + 1e-6


class TestHeading:
    def test_turns_towards_its_target_the_short_way(self, xp):
        sampler, rng = draw(xp, robots=500, heading_share=1.0, heading_gain_per_s=0.5, interval_s=(1000.0, 1000.0))
        heading = xp.zeros(500, dtype=xp.float32)
        sampler.step(heading, DT, rng)
        target = to_numpy(sampler._target_heading_rad)
        np.testing.assert_allclose(to_numpy(sampler.velocity_command)[:, 2], np.clip(0.5 * target, -1, 1), atol=1e-6)
        # Facing almost backwards, a target of the other sign is nearer across ±π.
        sampler.step(heading + 3.0, DT, rng)
        error = (target - 3.0 + math.pi) % (2 * math.pi) - math.pi
        np.testing.assert_allclose(to_numpy(sampler.velocity_command)[:, 2], np.clip(0.5 * error, -1, 1), atol=1e-5)

    def test_share_is_of_the_moving_commands(self, xp):
        sampler, rng = draw(xp, standing_share=0.5, heading_share=0.4, heading_gain_per_s=0.1)
        standing, before = to_numpy(sampler.standing), to_numpy(sampler.velocity_command)
        sampler.step(xp.full(4000, 0.3, dtype=xp.float32), DT, rng)
        follows = (to_numpy(sampler.velocity_command) != before).any(-1)
        assert not follows[standing].any()
        assert follows[~standing].mean() == pytest.approx(0.4, abs=0.03)

    def test_reached_while_turning_on_the_spot_is_to_stand(self, xp):
        settings = {"vx_mps": (0.0, 0.0), "vy_mps": (0.0, 0.0), "minimum_speed_mps": 0.1}
        sampler, rng = draw(xp, robots=20, heading_share=1.0, minimum_yaw_rate_radps=0.1, **settings)
        sampler.step(sampler._target_heading_rad + 0.1, DT, rng)  # 0.05 rad/s left to ask for
        assert to_numpy(sampler.standing).all()
        assert not to_numpy(sampler.velocity_command).any()

    def test_is_limited_to_the_band(self, xp):
        sampler, _ = draw(xp, heading_share=1.0, heading_gain_per_s=5.0, band=(0.0, 0.25), yaw_rate_radps=(-1.0, 2.0))
        yaw_rate = to_numpy(sampler.velocity_command)[:, 2]
        assert yaw_rate.min() == pytest.approx(-0.25)
        assert yaw_rate.max() == pytest.approx(0.5)


def test_arrays_handed_out_do_not_change_afterwards(xp):
    sampler, rng = draw(xp, robots=5, interval_s=(0.1, 0.1))
    seen = sampler.velocity_command
    copy = to_numpy(seen).tolist()
    for _ in range(6):
        sampler.step(xp.zeros(5, dtype=xp.float32), DT, rng)
    assert to_numpy(seen).tolist() == copy
    assert to_numpy(sampler.velocity_command).tolist() != copy


def test_reset_touches_only_its_robots(xp, array):
    sampler, rng = draw(xp, robots=3)
    before = to_numpy(sampler.velocity_command)
    sampler.reset(array([1]), rng)
    assert to_numpy(sampler.velocity_command)[1].tolist() == [0.0, 0.0, 0.0]
    sampler.step(xp.zeros(3, dtype=xp.float32), NO_TIME_S, rng)
    changed = (to_numpy(sampler.velocity_command) != before).any(-1)
    assert changed.tolist() == [False, True, False]


def test_ramped(array):
    # On the way; there; on the way back, over zero.
    asked = array([[1.0, 0.0, -1.0], [0.02, -0.5, 0.0], [-1.0, 0.01, 0.5]])
    before = array([[0.0, 0.0, 0.0], [0.0, -0.5, 0.03], [0.02, 0.0, -1.0]])
    limit = array([0.05, 0.05, 0.064])
    once = ramped(asked, before, limit)
    expected = [[0.05, 0.0, -0.064], [0.02, -0.5, 0.0], [-0.03, 0.01, -0.936]]
    np.testing.assert_allclose(to_numpy(once), expected, atol=1e-7)
    assert to_numpy(ramped(once, before, limit)).tolist() == to_numpy(once).tolist()


def test_commands_begin_at_rest_and_change_no_faster_than_they_may(xp):
    settings = {"acceleration_mps2": 2.0, "yaw_acceleration_radps2": 4.0, "interval_s": (0.3, 0.6)}
    sampler, rng = draw(xp, robots=200, heading_share=0.5, **settings)
    heading = xp.zeros(200, dtype=xp.float32)
    sampler.reset(xp.arange(200), rng)
    before = to_numpy(sampler.velocity_command)
    assert not before.any()
    changes = []
    for _ in range(100):
        sampler.step(heading, DT, rng)
        changes.append(abs(to_numpy(sampler.velocity_command) - before).max(0))
        before = to_numpy(sampler.velocity_command)
    np.testing.assert_allclose(np.max(changes, axis=0), [0.04, 0.04, 0.08], rtol=1e-5)


def test_on_its_way_through_zero_a_command_is_to_stand(xp, array):
    sampler, rng = draw(xp, robots=1, minimum_speed_mps=0.1, minimum_yaw_rate_radps=0.1, acceleration_mps2=2.0)
    sampler._drawn, sampler.ramped = array([[1.0, 0.0, 0.0]]), array([[-0.15, 0.0, 0.0]])
    seen = []
    for _ in range(8):
        sampler.step(xp.zeros(1, dtype=xp.float32), DT, rng)
        seen.append((round(float(sampler.ramped[0, 0]), 3), bool(sampler.standing[0])))
    assert [standing for _, standing in seen] == [False, True, True, True, True, True, False, False]
    assert [speed for speed, _ in seen] == [-0.11, -0.07, -0.03, 0.01, 0.05, 0.09, 0.13, 0.17]


def test_goes_on_from_a_saved_state(xp):
    settings = {"interval_s": (0.1, 0.3), "heading_share": 0.5, "standing_share": 0.2}
    sampler, rng = draw(xp, robots=10, band=(0.2, 0.8), **settings)
    heading = xp.full(10, 0.5, dtype=xp.float32)
    for _ in range(20):
        sampler.step(heading, DT, rng)
    resumed, its_rng = draw(xp, robots=10, seed=1, **settings)
    resumed.load_state_dict(sampler.state_dict())
    its_rng.load_state_dict(rng.state_dict())
    assert to_numpy(resumed.velocity_command).tolist() == to_numpy(sampler.velocity_command).tolist()
    for _ in range(50):
        for each, source in ((sampler, rng), (resumed, its_rng)):
            each.step(heading, DT, source)
        assert to_numpy(resumed.velocity_command).tolist() == to_numpy(sampler.velocity_command).tolist()
        assert to_numpy(resumed.standing).tolist() == to_numpy(sampler.standing).tolist()


def test_a_range_without_zero_is_refused():
    with pytest.raises(SurefootError, match=r"vx_mps \(0\.5, 1\.0\) does not contain 0") as caught:
        CommandConfig(vx_mps=(0.5, 1.0))
    assert "around zero" in caught.value.hint
