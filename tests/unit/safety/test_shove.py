"""What the accelerometer adds up to, by hand."""

import math

import numpy as np
import pytest
from safe_robot import state, tilted

from surefoot_safety.shove import LONGEST_S, MEMORY_S, MOST_MPS, ShoveMemory, shoved
from surefoot_safety.state import GRAVITY_MPS2
from surefoot_safety.violation import Check


def pulled(ticks, acceleration, dt=0.005, limit=1.75, memory=None, **bent):
    """The tick of the first violation, or None; and the memory then or at the end."""
    memory = memory or ShoveMemory(1.0)
    for tick in range(1, ticks + 1):
        sample = state(memory.stamp_s + dt, tick, acceleration_in_base_mps2=acceleration, **bent)
        found, memory = shoved(sample, memory, limit)
        if found:
            assert [violation.check for violation in found] == [Check.SHOVED]
            return tick, memory
    return None, memory


def test_standing_gains_nothing():
    tick, memory = pulled(1000, (0.0, 0.0, GRAVITY_MPS2))
    assert tick is None
    assert memory.gained_mps == (0.0, 0.0, 0.0)


def test_gains_add_up_and_fade():
    """V after n ticks of 5 ms at a: a · memory · (1 − (1 − 5 ms / memory)ⁿ)."""
    _, memory = pulled(10, (3.0, -4.0, GRAVITY_MPS2))
    share = MEMORY_S * (1.0 - (1.0 - 0.005 / MEMORY_S) ** 10)
    assert memory.gained_mps == pytest.approx((3.0 * share, -4.0 * share, 0.0))
    _, memory = pulled(1000, (0.0, 0.0, GRAVITY_MPS2), memory=memory)
    assert memory.gained_mps == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)


@pytest.mark.parametrize(
    ("acceleration", "tick"),
    [
        ((30.0, 0.0, GRAVITY_MPS2), 13),
        ((0.0, -30.0, GRAVITY_MPS2), 13),
        ((5.8, 0.0, 9.81), None),
        ((0.0, 0.0, 90.0), None),
    ],
)
def test_beyond_the_limit_along_the_ground(acceleration, tick):
    """30 m/s² have given 1.75 m/s after 62 ms with fading; 5.8 never do, and a hard landing goes straight up."""
    assert pulled(200, acceleration)[0] == tick


def test_what_is_along_the_ground_is_so_however_the_robot_leans():
    """Pitched by 0.5 rad at rest, gravity is felt along x too; and what pulls straight up is no shove."""
    sin, cos = math.sin(0.5), math.cos(0.5)
    lean = {"orientation_wxyz": tilted(0.5, "y")}
    rest = (-GRAVITY_MPS2 * sin, 0.0, GRAVITY_MPS2 * cos)
    assert pulled(400, rest, **lean)[1].gained_mps == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    assert pulled(400, (-40.0 * sin, 0.0, 40.0 * cos), **lean)[0] is None
    level = (rest[0] + 30.0 * cos, 0.0, rest[2] + 30.0 * sin)
    assert pulled(400, level, **lean)[0] == 13


def test_a_robot_that_turns_takes_its_velocity_along():
    """v̇ = −ω × v: half a turn about z in 0.3 s turns what was ahead to behind, but for what fades."""
    memory = ShoveMemory(1.0, (1.0, 0.0, 0.0))
    turn = {"angular_velocity_in_base_radps": (0.0, 0.0, math.pi / 0.3)}
    _, memory = pulled(60, (0.0, 0.0, GRAVITY_MPS2), memory=memory, limit=9.0, **turn)
    x, y, _ = memory.gained_mps
    assert x < -0.3
    assert abs(y) < 0.1


def test_between_samples_that_are_far_apart_little_is_known():
    _, memory = pulled(1, (30.0, 0.0, GRAVITY_MPS2), dt=10.0)
    assert memory.gained_mps[0] == pytest.approx(30.0 * LONGEST_S)
    assert memory.stamp_s == 11.0
    _, memory = pulled(1, (30.0, 0.0, GRAVITY_MPS2), dt=-1.0)
    assert memory.gained_mps == (0.0, 0.0, 0.0)


@pytest.mark.parametrize("seed", range(10))
def test_one_step_from_anywhere(seed):
    rng = np.random.default_rng(seed)
    gained, turn, force, quaternion = (
        rng.normal(size=3),
        rng.normal(size=3),
        rng.normal(size=3) * 9.0,
        rng.normal(size=4),
    )
    sample = state(
        1.005,
        orientation_wxyz=tuple((quaternion / np.linalg.norm(quaternion)).tolist()),
        angular_velocity_in_base_radps=tuple(turn.tolist()),
        acceleration_in_base_mps2=tuple(force.tolist()),
    )
    down = np.array(sample.gravity_in_base)
    rate = force + GRAVITY_MPS2 * down - np.cross(turn, gained) - gained / MEMORY_S
    found, memory = shoved(sample, ShoveMemory(1.0, tuple(gained.tolist())), 0.0)
    assert memory.gained_mps == pytest.approx(gained + 0.005 * rate)
    along = memory.gained_mps - np.dot(memory.gained_mps, down) * down
    assert found[0].message == f"pushed or pulled: {np.linalg.norm(along):.1f} m/s gained in a stride > 0 m/s"


@pytest.mark.parametrize("garbled", [math.nan, math.inf, -1e6, 1e308])
@pytest.mark.parametrize("axis", [0, 1])
def test_one_garbled_sample_trips_and_is_soon_forgotten(garbled, axis):
    force = [0.0, 0.0, GRAVITY_MPS2]
    force[axis] = garbled
    tick, memory = pulled(1, tuple(force))
    assert tick == 1
    assert all(abs(one) <= MOST_MPS for one in memory.gained_mps)
    assert math.isfinite(garbled) or memory.gained_mps == (0.0, 0.0, 0.0)
    for _ in range(120):
        found, memory = shoved(
            state(memory.stamp_s + 0.005, 1, acceleration_in_base_mps2=(0.0, 0.0, GRAVITY_MPS2)), memory, 1.75
        )
    assert found == []


def test_nan_trips():
    assert pulled(1, (math.nan, 0.0, 9.81))[0] == 1


def test_the_limit_itself_is_allowed():
    memory = ShoveMemory(1.0, (1.75, 0.0, 0.0))
    still = state(1.0, 1, acceleration_in_base_mps2=(0.0, 0.0, GRAVITY_MPS2))
    assert shoved(still, memory, 1.75)[0] == []
    found, _ = shoved(still, memory, 1.7)
    assert found[0].message == "pushed or pulled: 1.8 m/s gained in a stride > 1.7 m/s"
