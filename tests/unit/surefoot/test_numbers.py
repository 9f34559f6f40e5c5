import argparse

import pytest

from surefoot.numbers import count


@pytest.mark.parametrize(
    ("text", "number"), [("5000000", 5_000_000), ("5_000_000", 5_000_000), ("5e6", 5_000_000), ("1", 1)]
)
def test_a_count_may_be_written_as_people_write_it(text, number):
    assert count(text) == number


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "nan", "inf", "many", ""])
def test_what_is_no_count_is_refused_with_an_example(text):
    with pytest.raises(argparse.ArgumentTypeError, match=f"^{text} is not a whole number of at least 1, such as .*5e6"):
        count(text)
