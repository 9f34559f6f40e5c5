"""Numbers on the command line: types for argparse whose complaints name the value and what is valid."""

import argparse


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    return _whole(text, 1, "a positive number")


def seed(text: str) -> int:
    """Read a seed: NumPy's generators take none below 0."""
    return _whole(text, 0, "a seed: give a whole number of at least 0")


def count(text: str) -> int:
    """Read a whole number of at least 1 that may be written `5000000`, `5_000_000` or `5e6`."""
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not number.is_integer() or number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of at least 1, such as 5000000 or 5e6")
    return int(number)


def _whole(text: str, least: int, what: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"{text} is not {what}")
    return number
