import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surefoot_robots.names import permutation

names = st.lists(st.text(min_size=1), unique=True, min_size=1, max_size=20)


@given(data=st.data(), order=names)
def test_there_and_back_again(data, order):
    other = data.draw(st.permutations(order))
    values = np.arange(len(order))
    moved = values[permutation(order, other)]
    assert [order[value] for value in moved] == other
    np.testing.assert_array_equal(moved[permutation(other, order)], values)
