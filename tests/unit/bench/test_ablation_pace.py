"""How long the rest takes, by hand."""

import pytest

from surefoot_training.bench.ablation_pace import Measured, Work, judging_s, left_text, training_s

MEASURED = [
    Measured("full", steps=1000, training_s=10.0, judging_s=4.0),
    Measured("full", steps=500, training_s=8.0, judging_s=None),
    Measured("none", steps=1000, training_s=6.0, judging_s=6.0),
]


def test_each_variant_goes_at_its_own_pace() -> None:
    """18 s per 1500 steps, 6 s per 1000; 24 s per 2500 of those nobody has timed."""
    assert training_s([Work("full", 500)], MEASURED) == pytest.approx(6.0)
    assert training_s([Work("none", 500)], MEASURED) == pytest.approx(3.0)
    assert training_s([Work("oracle", 1000)], MEASURED) == pytest.approx(9.6)
    assert training_s([Work("full", 500), Work("none", 500), Work("oracle", 0)], MEASURED) == pytest.approx(9.0)


def test_evaluations_are_like_those_before() -> None:
    assert judging_s([Work("full", 500), Work("none", 0)], MEASURED) == pytest.approx(10.0)


def test_nothing_is_made_up() -> None:
    assert training_s([Work("full", 500)], []) is None
    assert judging_s([Work("full", 500)], MEASURED[1:2]) is None
    assert training_s([Work("full", 0)], []) == 0.0, "nothing to train"


def test_in_words() -> None:
    works = [Work("full", 500_000), Work("none", 1_000_000)]
    assert left_text(works, [], 10) == (
        "2 of 10 runs left, 1.5 M steps: how long they take is not known before the first has trained"
    )
    assert left_text(works, [Measured("full", 500_000, 100.0, None)], 10) == (
        "2 of 10 runs left, 1.5 M steps: about 5 min 00 s at the pace so far, and 2 evaluation(s), none timed yet"
    )
    assert left_text(works, [Measured("full", 1_000_000, 200.0, 30.0)], 3) == (
        "2 of 3 runs left, 1.5 M steps: about 6 min 00 s at the pace so far"
    )
    assert left_text([Work("full", 0)], [Measured("full", 1_000_000, 200.0, None)], 3) == (
        "1 of 3 runs left, 0 steps: 1 evaluation(s), none timed yet"
    )
