from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from array_api_compat import numpy as numpy_namespace
from array_api_compat import torch as torch_namespace

from surefoot_training.task.feet import FootTracker

IN_AIR, ON_GROUND = 0.0, 50.0


@pytest.fixture(params=[numpy_namespace, torch_namespace], ids=["numpy", "torch"])
def xp(request: pytest.FixtureRequest) -> Any:
    return request.param


def forces(xp: Any, *vertical_n: float) -> Any:
    array = np.zeros((1, 4, 3), dtype=np.float32)
    array[0, :, 2] = vertical_n
    return xp.asarray(array)


def test_a_swing_is_timed_from_lift_off_to_touch_down(xp: Any) -> None:
    feet = FootTracker(xp, 1)
    history = [ON_GROUND, IN_AIR, IN_AIR, IN_AIR, ON_GROUND, ON_GROUND]
    seen = [feet.update(forces(xp, force, 0.5, ON_GROUND, ON_GROUND), 0.02) for force in history]
    air_s = [float(s.foot_air_time_s[0, 0]) for s in seen]
    np.testing.assert_allclose(air_s, [0.0, 0.02, 0.04, 0.06, 0.08, 0.0], atol=1e-7)
    assert [bool(s.foot_touched_down[0, 0]) for s in seen] == [False, False, False, False, True, False]
    assert [bool(s.foot_contact[0, 0]) for s in seen] == [True, False, False, False, True, True]
    assert [round(float(s.foot_last_air_time_s[0, 0]), 6) for s in seen] == [0.0, 0.0, 0.0, 0.0, 0.08, 0.08]
    assert [round(float(s.foot_last_contact_time_s[0, 0]), 6) for s in seen] == [0.0, 0.02, 0.02, 0.02, 0.02, 0.02]
    # Half a newton is no contact, steady contact is no touch-down.
    assert not any(bool(s.foot_contact[0, 1]) for s in seen)
    assert not any(bool(s.foot_touched_down[0, 2]) for s in seen)


def test_force_from_the_side_is_contact(xp: Any) -> None:
    force = np.zeros((1, 4, 3), dtype=np.float32)
    force[0, 1] = [3.0, 0.0, 0.0]
    contact = FootTracker(xp, 1).update(xp.asarray(force), 0.02).foot_contact
    assert [bool(c) for c in contact[0]] == [False, True, False, False]


def test_reset_forgets_the_swing(xp: Any) -> None:
    feet = FootTracker(xp, 2)
    both = xp.asarray(np.zeros((2, 4, 3), dtype=np.float32))
    feet.update(both, 0.02)
    feet.reset(xp.asarray(np.array([1])))
    np.testing.assert_allclose(np.asarray(feet.update(both, 0.02).foot_air_time_s)[:, 0], [0.04, 0.02], atol=1e-7)


def test_reset_leaves_what_was_handed_out(xp: Any) -> None:
    feet = FootTracker(xp, 1)
    seen = feet.update(forces(xp, 0, 0, 0, 0), 0.02)
    feet.reset(xp.asarray(np.array([0])))
    assert not bool(seen.foot_contact[0, 0])


def test_state_goes_on_exactly(xp: Any) -> None:
    one, other = FootTracker(xp, 1), FootTracker(xp, 1)
    one.update(forces(xp, 0, 0, 9, 9), 0.02)
    other.load_state_dict(one.state_dict())
    step = forces(xp, 9, 0, 0, 9)
    for a, b in zip(one.update(step, 0.02), other.update(step, 0.02), strict=True):
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))
