import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_robots.names import UNITREE_SDK_JOINT_NAMES, permutation


def test_permutation_brings_values_into_the_other_order():
    order = permutation(("b", "c", "a"), ("a", "b", "c"))
    np.testing.assert_array_equal(np.array([[2, 3, 1], [20, 30, 10]])[..., order], [[1, 2, 3], [10, 20, 30]])


def test_unitree_motors_map_to_our_joints():
    # Motor 0 of the SDK is FR's hip, motor 3 FL's.
    order = permutation(UNITREE_SDK_JOINT_NAMES, load_robot("go2").joint_names)
    np.testing.assert_array_equal(order, [3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8])


@pytest.mark.parametrize(
    ("source", "target", "complaint"),
    [
        (("a", "b"), ("a", "b", "c", "d"), "missing: c, d"),
        (("a", "b", "x"), ("a", "b"), "unknown: x"),
        (("a", "a", "b"), ("a", "b"), "twice in the names mapped from: a"),
        (("a", "b"), ("a", "b", "b"), "twice in the names mapped to: b"),
        (("a", "x"), ("a", "b"), "missing: b; unknown: x"),
    ],
)
def test_names_that_do_not_match_are_listed(source, target, complaint):
    with pytest.raises(SurefootError, match=complaint) as caught:
        permutation(source, target)
    assert caught.value.hint is not None
    assert ", ".join(target) in caught.value.hint
