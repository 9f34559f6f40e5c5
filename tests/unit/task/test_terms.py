import pickle
from types import SimpleNamespace

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.terms import (
    ObservationTerm,
    RewardTerm,
    TerminationTerm,
    arguments_of,
    bind,
    bind_all,
)

NAMES = ("speed", "height", "mass")
QUANTITIES = SimpleNamespace(speed=np.array([1.0, 2.0]), height=np.array([3.0, 5.0]), mass=np.array([7.0, 7.0]))


def momentum(mass, speed):
    return mass * speed


def above(height, *, limit_m, scale=1.0):
    return (height - limit_m) * scale


def anything(*quantities):
    return quantities


def keywords(height, **parameters):
    return height, parameters


def quantity_with_default(height, speed=None):
    return height, speed


def nothing(*, limit_m=1.0):
    return limit_m


def test_bind_hands_over_quantities_by_name_whatever_their_order():
    assert bind(momentum, {}, NAMES)(QUANTITIES).tolist() == [7.0, 14.0]


def test_bind_sets_parameters_and_keeps_defaults():
    assert bind(above, {"limit_m": 1.0}, NAMES)(QUANTITIES).tolist() == [2.0, 4.0]
    assert bind(above, {"limit_m": 1.0, "scale": 10.0}, NAMES)(QUANTITIES).tolist() == [20.0, 40.0]


def test_bound_terms_read_the_quantities_of_the_moment():
    bound, quantities = bind(momentum, {}, NAMES), SimpleNamespace(mass=2.0, speed=3.0)
    assert bound(quantities) == 6.0
    quantities.speed = 4.0
    assert bound(quantities) == 8.0


@pytest.mark.parametrize(
    ("function", "parameters", "names", "problem", "hint"),
    [
        (momentum, {}, ("mass", "height"), "momentum asks for unknown quantity speed", "valid: height, mass"),
        (above, {}, NAMES, "above lacks parameter limit_m", "valid: limit_m, scale"),
        (above, {"limit_m": 1, "limt": 2}, NAMES, "above has no parameter limt", "valid: limit_m, scale"),
        (momentum, {"mass": 1}, NAMES, "momentum has no parameter mass", "valid: none"),
        (anything, {}, NAMES, "anything: *quantities hides what the term needs", "name every argument"),
        (keywords, {}, NAMES, "keywords: *parameters hides what the term needs", "name every argument"),
        (quantity_with_default, {}, NAMES, "quantity speed has a default", "keyword-only"),
        (nothing, {}, NAMES, "nothing asks for no quantity", "at least one"),
    ],
)
def test_bind_refuses_what_cannot_work(function, parameters, names, problem, hint):
    with pytest.raises(SurefootError) as caught:
        bind(function, parameters, names)
    assert problem in str(caught.value)
    assert hint in caught.value.hint


def test_arguments_of_tells_quantities_from_parameters():
    arguments = arguments_of(above)
    assert arguments.quantities == ("height",)
    assert arguments.parameters == ("limit_m", "scale")
    assert arguments.required_parameters == ("limit_m",)


def test_bind_all_binds_every_kind_of_term_in_order():
    table = (
        RewardTerm("momentum", momentum, -1.0),
        TerminationTerm("above", above, {"limit_m": 1.0}, is_timeout=True),
        ObservationTerm("above_too", above, 1, "m", {"limit_m": 2.0}),
    )
    assert [term(QUANTITIES).tolist() for term in bind_all(table, NAMES)] == [[7, 14], [2, 4], [1, 3]]


def test_bind_all_says_which_line_is_wrong():
    with pytest.raises(SurefootError, match="term too_high: above lacks parameter limit_m") as caught:
        bind_all([RewardTerm("too_high", above, 1.0)], NAMES)
    assert caught.value.hint == "valid: limit_m, scale"


def test_bind_all_refuses_a_name_twice():
    with pytest.raises(SurefootError, match="names fast twice"):
        bind_all([RewardTerm("fast", momentum, 1.0), RewardTerm("fast", momentum, 2.0)], NAMES)


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_a_weight_is_a_finite_number(weight):
    with pytest.raises(SurefootError, match="reward fast: weight"):
        RewardTerm("fast", momentum, weight)


def test_terms_can_be_pickled():
    term = RewardTerm("momentum", momentum, -1.0, {"a": 1})
    assert pickle.loads(pickle.dumps(term)) == term
