from pathlib import Path

from surefoot_safety.link import program
from surefoot_safety.process import supervise
from surefoot_safety.process.runner import Choice, describe


def words_of(choice):
    return {description.name: list(description.words) for description in describe(choice)}


def test_the_supervisor_ends_before_the_link():
    assert [description.name for description in describe(Choice("go2", "sim"))] == ["supervisor", "link"]


def test_what_is_not_chosen_is_left_to_the_programs():
    words = words_of(Choice("go2", "pretend"))
    assert " ".join(words["link"]) == "-m surefoot_safety.link --robot go2 --priority 0 --driver pretend"
    assert " ".join(words["supervisor"]) == "-m surefoot_safety.process.supervise --robot go2 --priority 0"


def test_programs_understand_what_is_chosen():
    choice = Choice(
        robot="a1",
        driver="sim",
        driver_file=Path("/w.yaml"),
        run_dir=Path("/r"),
        settings=Path("/s.yaml"),
        release=False,
        priority=50,
        cores=(0, 1),
        estop_key=Path("/k"),
        estop_endpoints=("operator", "button"),
        gaits="a.b:c",
        policy=Path("/p.onnx"),
    )
    words = words_of(choice)
    link = program._parser().parse_args(words["link"][2:])
    supervisor = supervise._parser().parse_args(words["supervisor"][2:])
    for arguments in (link, supervisor):
        assert (arguments.robot, arguments.run_dir, arguments.settings) == ("a1", Path("/r"), Path("/s.yaml"))
        assert (arguments.no_release, arguments.cores) == (True, [0, 1])
    assert (link.driver, link.driver_file, link.priority) == ("sim", Path("/w.yaml"), 50)
    assert (supervisor.estop_key, supervisor.estop_endpoint) == (Path("/k"), ["operator", "button"])
    assert (supervisor.gaits, supervisor.priority, supervisor.policy) == ("a.b:c", 49, Path("/p.onnx"))
