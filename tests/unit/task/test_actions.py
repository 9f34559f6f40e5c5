from __future__ import annotations

import numpy as np
import pytest

from surefoot_training.task.actions import ActionMemory

DEFAULT = np.array([0.1, -0.2])


def memory(xp, robots=2):
    return ActionMemory(DEFAULT, 0.25, robots, xp)


def rows(array):
    return np.asarray(array).tolist()


def test_everybody_starts_in_the_default_pose(xp):
    actions = memory(xp)
    np.testing.assert_array_equal(np.asarray(actions.target), np.tile(DEFAULT.astype(np.float32), (2, 1)))
    for name in ("action", "previous", "before_previous"):
        assert rows(getattr(actions, name)) == [[0.0, 0.0], [0.0, 0.0]]


def test_an_action_is_the_way_from_the_default_pose_in_units_of_the_scale(xp, array):
    actions = memory(xp, robots=1)
    for offset in (0.5, 0.25, -1.0):
        actions.note(array([DEFAULT + offset]))
    np.testing.assert_allclose(rows(actions.action), [[-4.0, -4.0]], rtol=1e-6)
    np.testing.assert_allclose(rows(actions.previous), [[1.0, 1.0]], rtol=1e-6)
    np.testing.assert_allclose(rows(actions.before_previous), [[2.0, 2.0]], rtol=1e-6)
    np.testing.assert_allclose(rows(actions.target), [DEFAULT - 1.0], rtol=1e-6)


def test_reset_touches_those_robots_only_and_nothing_handed_out(xp, array):
    actions = memory(xp)
    for offset in (0.5, 0.25, 1.0):
        actions.note(array([DEFAULT + offset, DEFAULT + 2 * offset]))
    before = {name: getattr(actions, name) for name in ("target", "action", "previous", "before_previous")}
    kept = {name: np.asarray(values).copy() for name, values in before.items()}
    actions.reset(xp.asarray(np.array([1])))
    np.testing.assert_array_equal(np.asarray(actions.target)[1], DEFAULT.astype(np.float32))
    for name in ("action", "previous", "before_previous"):
        assert rows(getattr(actions, name))[1] == [0.0, 0.0]
    for name, values in before.items():
        np.testing.assert_array_equal(np.asarray(getattr(actions, name))[0], kept[name][0])
        np.testing.assert_array_equal(np.asarray(values), kept[name])


def test_targets_are_copied_as_float32(xp):
    """A caller may reuse its buffer, and may compute in double precision: what is saved is what is remembered."""
    actions = memory(xp, robots=1)
    target = xp.asarray(np.array([[0.3, 0.3]]))
    actions.note(target)
    target[0, 0] = 9.0
    np.testing.assert_allclose(rows(actions.target), [[0.3, 0.3]], rtol=1e-6)
    assert actions.target.dtype == actions.action.dtype == xp.float32


def test_state_goes_on_exactly(xp, array):
    one, other = memory(xp), memory(xp)
    for offset in (0.3, 0.1, 0.7):
        one.note(array([DEFAULT + offset, DEFAULT - offset]))
    other.load_state_dict(one.state_dict())
    for each in (one, other):
        each.note(array([DEFAULT, DEFAULT + 1.0]))
    for name in ("target", "action", "previous", "before_previous"):
        np.testing.assert_array_equal(np.asarray(getattr(one, name)), np.asarray(getattr(other, name)))
    assert one.state_dict().keys() == {"target", "action", "previous", "before_previous"}


@pytest.mark.parametrize("scale_rad", [0.25, 0.5])
def test_scale(xp, array, scale_rad):
    actions = ActionMemory(DEFAULT, scale_rad, 1, xp)
    actions.note(array([DEFAULT + 1.0]))
    np.testing.assert_allclose(rows(actions.action), [[1.0 / scale_rad] * 2], rtol=1e-6)
