import pickle

from surefoot_robots.errors import SurefootError


def test_the_line_is_the_message_and_the_hint_stands_beside_it():
    error = SurefootError("robot 'go3' is unknown", hint="one of a1, go1, go2")
    assert str(error) == "robot 'go3' is unknown"
    assert error.hint == "one of a1, go1, go2"


def test_it_crosses_a_process_boundary_with_its_hint():
    error = pickle.loads(pickle.dumps(SurefootError("too heavy", hint="take a payload of at most 8 kg")))
    assert (str(error), error.hint) == ("too heavy", "take a payload of at most 8 kg")
