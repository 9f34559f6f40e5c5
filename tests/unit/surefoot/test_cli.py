import argparse
import importlib
import sys
from types import ModuleType

import pytest

from surefoot import cli
from surefoot_robots.errors import SurefootError


class Walk(ModuleType):
    """A command for these tests: `walk [--speed MPS] fast|slow`, which then does what the test wants."""

    def __init__(self) -> None:
        super().__init__("walk_command")
        self.seen: argparse.Namespace | None = None
        self.status = 0
        self.failure: BaseException | None = None

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--speed", type=float, default=0.5)
        pace = parser.add_subparsers(dest="pace", required=True)
        pace.add_parser("fast")
        pace.add_parser("slow").add_argument("--carefully", action="store_true")

    def run(self, arguments: argparse.Namespace) -> int:
        self.seen = arguments
        if self.failure is not None:
            raise self.failure
        return self.status


@pytest.fixture
def walk(monkeypatch: pytest.MonkeyPatch) -> Walk:
    module = Walk()
    monkeypatch.setitem(sys.modules, "walk_command", module)
    table = (cli.Command("walk", "walk_command", "put one foot before the other"), cli.Command("sit", "no.module", "x"))
    monkeypatch.setattr(cli, "COMMANDS", table)
    return module


def test_a_command_gets_its_arguments_and_its_status_is_the_exit_status(walk: Walk):
    walk.status = 1
    assert cli.main(["walk", "--speed", "1.5", "slow", "--carefully"]) == 1
    assert walk.seen is not None
    assert (walk.seen.speed, walk.seen.pace, walk.seen.carefully) == (1.5, "slow", True)


def test_only_the_chosen_command_is_imported(walk: Walk):
    assert cli.main(["walk", "fast"]) == 0  # `sit` names a module that does not exist


def test_help_lists_the_commands_and_imports_none(walk: Walk, capsys, monkeypatch):
    monkeypatch.setattr(importlib, "import_module", lambda name: pytest.fail(f"imported {name}"))
    assert cli.main(["--help"]) == 0
    assert "walk  put one foot before the other" in capsys.readouterr().out


def test_help_of_a_command_names_its_options(walk: Walk, capsys):
    assert cli.main(["walk", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "surefoot walk" in shown
    assert "--speed" in shown
    assert "--debug" in shown


def test_no_command_shows_the_help_and_is_wrong_usage(walk: Walk, capsys):
    assert cli.main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "put one foot before the other" in captured.err


def test_an_unknown_command_names_the_nearest_and_lists_all(walk: Walk, capsys):
    assert cli.main(["wakl"]) == 2
    assert (
        capsys.readouterr().err
        == "error: there is no command 'wakl': did you mean 'walk'?\nhint: commands: walk, sit\n"
    )


def test_an_unknown_command_like_no_other_lists_all(walk: Walk, capsys):
    assert cli.main(["frobnicate"]) == 2
    assert capsys.readouterr().err == "error: there is no command 'frobnicate'\nhint: commands: walk, sit\n"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["walk", "--speed", "quick", "fast"], "argument --speed: invalid float value: 'quick'"),
        (["walk", "trot"], "invalid choice: 'trot'"),
        (["walk"], "the following arguments are required: pace"),
        (["walk", "--spe=1", "fast"], "unrecognized arguments: --spe=1"),  # no abbreviations
        (["walk", "slow", "--careful"], "unrecognized arguments: --careful"),  # in nested commands neither
        (["--wat", "walk", "fast"], "unrecognized arguments: --wat"),
    ],
)
def test_wrong_usage_is_one_line_and_a_hint(walk: Walk, capsys, words: list[str], complaint: str):
    assert cli.main(words) == 2
    line, hint = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert complaint in line
    assert hint.startswith("hint: see `surefoot")
    assert walk.seen is None


@pytest.mark.parametrize(
    "words", [["--debug", "walk", "fast"], ["walk", "--debug", "fast"], ["walk", "fast", "--debug"]]
)
def test_debug_shows_the_traceback_wherever_it_stands(walk: Walk, capsys, words: list[str]):
    walk.failure = SurefootError("FL_calf is stuck", hint="turn it by hand")
    assert cli.main(words) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("Traceback (most recent call last)")
    assert shown.endswith("error: FL_calf is stuck\nhint: turn it by hand\n")


def test_without_debug_there_is_no_traceback(walk: Walk, capsys):
    walk.failure = ZeroDivisionError("division by zero")
    assert cli.main(["walk", "fast"]) == 1
    assert capsys.readouterr().err == (
        "internal error: ZeroDivisionError: division by zero\nhint: run again with --debug for the traceback\n"
    )


def test_after_two_dashes_debug_is_an_argument_like_any_other():
    assert cli._take_debug(["replay", "--", "--debug"]) == (["replay", "--", "--debug"], False)
    assert cli._take_debug(["--debug", "replay", "--", "x"]) == (["replay", "--", "x"], True)


def test_every_command_in_the_table_keeps_the_interface():
    for command in cli.COMMANDS:
        module = importlib.import_module(command.module)
        parser = cli.Parser(prog=command.name)
        module.add_arguments(parser)
        assert callable(module.run), command.name
        assert command.help[0].islower(), f"{command.name}: the help line starts in lower case"
        assert not command.help.endswith("."), f"{command.name}: the help line is no sentence"


def test_the_names_in_the_table_are_different():
    names = [command.name for command in cli.COMMANDS]
    assert len(set(names)) == len(names)
