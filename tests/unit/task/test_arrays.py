import json
import math

import array_api_compat.numpy
import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import (
    Rng,
    fraction_of,
    gravity_in_base,
    horizontal_length,
    indices_where,
    load_arrays,
    namespace,
    rotate_into_base,
    rotate_into_world,
    rotation_of,
    save_arrays,
    square_sum,
    to_numpy,
    wrap_angle,
    yaw_of,
)

HALF = math.sqrt(0.5)  # sine and cosine of 45°, of which quarter turns are made
LEVEL, YAW_LEFT = [1.0, 0.0, 0.0, 0.0], [HALF, 0.0, 0.0, HALF]
PITCH_DOWN, ROLL_RIGHT = [HALF, 0.0, HALF, 0.0], [HALF, HALF, 0.0, 0.0]  # nose down; left side up


def close(actual, expected):
    np.testing.assert_allclose(to_numpy(actual), expected, atol=1e-6)
    assert to_numpy(actual).dtype == np.float32


def test_namespace_is_that_of_the_array(xp, array):
    assert namespace(array([1.0])) is xp
    assert namespace(array([1.0])) is xp  # also the second time


def test_to_numpy_is_a_copy(array):
    original = array([1.0, 2.0])
    copy = to_numpy(original)
    original[0] = 9.0
    assert copy.tolist() == [1.0, 2.0]


def test_rotate_into_base(array):
    # Facing left (world y): what lies ahead in the world's x is to the right, what lies in y is ahead.
    close(rotate_into_base(array([YAW_LEFT, YAW_LEFT]), array([[1.0, 0, 0], [0.0, 1, 5]])), [[0, -1, 0], [1, 0, 5]])


def test_rotate_into_base_broadcasts_over_feet(array):
    feet = array([[[1.0, 0, 0], [0.0, 1, 0], [0.0, 0, 1], [1.0, 1, 0]]])
    turned = rotate_into_base(array([YAW_LEFT])[:, None, :], feet)
    close(turned, [[[0, -1, 0], [1, 0, 0], [0, 0, 1], [1, -1, 0]]])


def test_rotate_into_world(array):
    close(rotate_into_world(array([YAW_LEFT, PITCH_DOWN]), array([[1.0, 0, 0]] * 2)), [[0, 1, 0], [0, 0, -1]])


def test_rotation_of(array):
    # Columns: the base's x, y and z axis in the world. Facing left, x is the world's y; left side up, y is its z.
    expected = [[[0, -1, 0], [1, 0, 0], [0, 0, 1]], [[1, 0, 0], [0, 0, -1], [0, 1, 0]]]
    close(rotation_of(array([YAW_LEFT, ROLL_RIGHT])), expected)


def test_rotation_of_a_turn_about_the_diagonal(array):
    close(rotation_of(array([[0.5, 0.5, 0.5, 0.5]])), [[[0, 0, 1], [1, 0, 0], [0, 1, 0]]])  # x to y to z to x


def test_gravity_in_base(array):
    # Nose down: gravity points forward. Left side up (roll about x by +90°): gravity points to the right, −y.
    close(gravity_in_base(rotation_of(array([LEVEL, PITCH_DOWN, ROLL_RIGHT]))), [[0, 0, -1], [1, 0, 0], [0, -1, 0]])


def test_gravity_in_base_is_the_rotated_vertical(array):
    quaternion = np.array([0.5, -0.1, 0.7, 0.3])
    quaternion = array([(quaternion / np.linalg.norm(quaternion)).tolist()])
    close(gravity_in_base(rotation_of(quaternion)), to_numpy(rotate_into_base(quaternion, array([[0.0, 0, -1]]))))


def test_yaw_of(array):
    close(yaw_of(rotation_of(array([LEVEL, YAW_LEFT, [HALF, 0.0, 0.0, -HALF]]))), [0, math.pi / 2, -math.pi / 2])


def test_wrap_angle(array):
    wrapped = to_numpy(wrap_angle(array([0.0, 4.0, -4.0, 2 * math.pi, 13.0])))
    np.testing.assert_allclose(wrapped, [0, 4 - 2 * math.pi, 2 * math.pi - 4, 0, 13 - 4 * math.pi], atol=2e-6, rtol=0)


def test_fraction_of(array):
    close(fraction_of(array([0.25, 2.5, -0.25, 3.0])), [0.25, 0.5, 0.75, 0])


def test_square_sum(array):
    close(square_sum(array([[1.0, 2, 3], [0.0, 0, 0]])), [14, 0])


def test_horizontal_length(array):
    close(horizontal_length(array([[3.0, 4, 12], [0.0, -2, 1]])), [5, 2])


def test_indices_where(array):
    assert to_numpy(indices_where(array([False, True, True, False]))).tolist() == [1, 2]


class TestRng:
    def test_same_seed_same_numbers_in_every_library(self, xp):
        rng, reference = Rng(7, xp), np.random.Generator(np.random.PCG64(7))
        assert to_numpy(rng.uniform(0, 1, (2, 3))).tolist() == reference.random((2, 3), dtype=np.float32).tolist()
        assert to_numpy(Rng(7, xp).normal((2, 3))).tolist() == Rng(7, array_api_compat.numpy).normal((2, 3)).tolist()

    def test_uniform(self, xp):
        drawn = Rng(0, xp).uniform(-2.0, 3.0, 20000)
        assert drawn.dtype == xp.float32
        values = to_numpy(drawn)
        assert values.min() >= -2
        assert values.max() <= 3
        assert values.mean() == pytest.approx(0.5, abs=0.05)  # standard error 0.01

    def test_uniform_of_numpy_numbers_stays_float32(self, xp):
        assert Rng(0, xp).uniform(np.float64(0.1), np.float64(0.3), 5).dtype == xp.float32

    def test_uniform_of_no_width(self, xp):
        assert to_numpy(Rng(0, xp).uniform(0.1, 0.1, 3)).tolist() == [np.float32(0.1)] * 3

    def test_normal(self, xp):
        values = to_numpy(Rng(0, xp).normal(40000))
        assert values.dtype == np.float32
        assert values.mean() == pytest.approx(0, abs=0.02)
        assert values.std() == pytest.approx(1, abs=0.02)
        for deviations, share in ((-2, 0.02275), (-1, 0.15866), (0.5, 0.69146), (1.5, 0.93319)):
            assert (values < deviations).mean() == pytest.approx(share, abs=0.01)

    def test_normal_reaches_far_out_but_not_beyond(self, xp):
        values = to_numpy(Rng(0, xp).normal((1000, 1000)))
        assert 4.2 < values.max() < 4.33
        assert -4.33 < values.min() < -4.2
        assert len(np.unique(values)) > 65000

    @pytest.mark.parametrize("shape", [0, 1, 5, (0, 3), (3, 0), (3, 7), ()])
    def test_normal_of_every_shape(self, xp, shape):
        values = Rng(0, xp).normal(shape)
        assert tuple(values.shape) == (shape if isinstance(shape, tuple) else (shape,))

    def test_neighbours_of_normal_are_independent(self, xp):
        values = to_numpy(Rng(0, xp).normal((10000, 4)))  # four share a word of the generator
        off_diagonal = np.corrcoef(values.T)[~np.eye(4, dtype=bool)]
        np.testing.assert_allclose(off_diagonal, 0, atol=0.04)  # standard error 0.01

    def test_integers_leave_out_the_high_end(self, xp):
        assert sorted(set(to_numpy(Rng(0, xp).integers(2, 5, 200)).tolist())) == [2, 3, 4]

    def test_chance(self, xp):
        rng = Rng(0, xp)
        assert to_numpy(rng.chance(0.25, 20000)).mean() == pytest.approx(0.25, abs=0.015)
        assert not to_numpy(rng.chance(0.0, 1000)).any()
        assert to_numpy(rng.chance(1.0, 1000)).all()

    def test_chance_of_each_column(self, xp):
        drawn = to_numpy(Rng(0, xp).chance(np.float32([0.0, 0.25, 1.0]), (20000, 3)))
        assert drawn.mean(0).tolist() == [0, pytest.approx(0.25, abs=0.015), 1]

    def test_on_host_continues_the_same_sequence(self, xp):
        rng, reference = Rng(3, xp), Rng(3, xp)
        first, second = rng.on_host().normal(4), rng.normal(4)
        assert isinstance(first, np.ndarray)
        assert [*first.tolist(), *to_numpy(second).tolist()] == to_numpy(reference.normal(8)).tolist()

    def test_goes_on_from_a_saved_state(self, xp):
        rng = Rng(5, xp)
        rng.chance(0.5, 3)  # an odd number of 32-bit draws leaves half a word in the generator
        saved, expected = rng.state_dict(), to_numpy(rng.uniform(0, 1, 9)).tolist()
        resumed = Rng(99, xp)
        resumed.load_state_dict(saved)
        assert to_numpy(resumed.uniform(0, 1, 9)).tolist() == expected

    def test_saved_state_survives_a_text_file(self, xp):
        rng = Rng(5, xp)
        saved = json.loads(json.dumps({name: words.tolist() for name, words in rng.state_dict().items()}))
        resumed = Rng(0, xp)
        resumed.load_state_dict({name: np.array(words, dtype=np.uint64) for name, words in saved.items()})
        assert to_numpy(resumed.normal(3)).tolist() == to_numpy(rng.normal(3)).tolist()


class Holder:
    def __init__(self, array):
        self._position, self.count = array([[1.0, 2.0]]), array([3])


class TestSavedArrays:
    def test_come_back_in_place(self, array):
        holder, names = Holder(array), ("_position", "count")
        saved, seen_by_others = save_arrays(holder, names), holder._position
        holder._position[...] = 0.0
        holder.count[...] = 0
        load_arrays(holder, names, saved)
        assert to_numpy(seen_by_others).tolist() == [[1.0, 2.0]]
        assert to_numpy(holder.count).tolist() == [3]

    def test_of_another_shape_are_refused_before_anything_changes(self, array):
        holder = Holder(array)
        state = {"position": np.zeros((1, 2)), "count": np.zeros(2)}
        with pytest.raises(SurefootError, match=r"Holder: count was saved with shape \(2,\), here it is \(1,\)"):
            load_arrays(holder, ("_position", "count"), state)
        assert to_numpy(holder._position).tolist() == [[1.0, 2.0]]

    def test_lacking_one_are_refused(self, array):
        with pytest.raises(SurefootError, match="lacks count") as caught:
            load_arrays(Holder(array), ("_position", "count"), {"position": np.zeros((1, 2))})
        assert caught.value.hint == "it holds: position"


def test_a_seed_below_0_is_refused(xp):
    with pytest.raises(SurefootError, match="seed -1 < 0"):
        Rng(-1, xp)
