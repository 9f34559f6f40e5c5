"""The `surefoot` command: finds the subcommand, imports it alone, and turns failures into one readable line.

A subcommand is a module with `add_arguments(parser)` and `run(arguments) -> int`; the table below names them. Nothing
heavy is imported here or at the top of those modules, so that `surefoot --help` answers at once and a missing extra
disturbs only the commands that need it.

Exit status: 0 done, 1 the check or goal failed (or an internal error), 2 wrong usage or input; 130 after Ctrl-C and
141 when the reader of the output went away, as the shell counts signals.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, Protocol, cast

from surefoot.failures import report_failure
from surefoot_robots.errors import SurefootError

DONE, FAILED, WRONG_USAGE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand: the word to type, the module that does it, and the line `--help` shows."""

    name: str
    module: str
    help: str


COMMANDS = (
    Command("robot", "surefoot.commands.robot", "the robots: limits, motors, every number with its source, URDF"),
    Command(
        "bench", "surefoot.commands.bench", "what simulation and learning cost here, against the bare engine and others"
    ),
    Command("console", "surefoot.commands.console", "a web page to see, drive and stop the running robot"),
    Command("demo", "surefoot.commands.demo", "the whole story: learn, walk, be pushed and stopped, a report"),
    Command("estop", "surefoot.commands.estop", "an e-stop at the keyboard of another machine; closing it stops, too"),
    Command(
        "evaluate", "surefoot.commands.evaluate", "how well a policy walks, by a fixed protocol: tables, charts, JSON"
    ),
    Command("diff", "surefoot.commands.diff", "what differs between two policies: fields, weights, joint targets"),
    Command("doctor", "surefoot.commands.doctor", "whether this machine has what is needed, and what to do if not"),
    Command("drive", "surefoot.commands.drive", "steer the running robot by keys or joystick, through ROS 2"),
    Command("export", "surefoot.commands.export", "one file for the robot, compared with the policy that was trained"),
    Command("identify", "surefoot.commands.identify", "measure the robot: plan a motion, learn its joints from logs"),
    Command("inspect", "surefoot.commands.inspect", "what a policy file is, on one page"),
    Command("mode", "surefoot.commands.mode", "ask the running robot to arm, stand, sit, walk"),
    Command("play", "surefoot.commands.play", "a film of a policy walking, its command and its estimate drawn in"),
    Command("record", "surefoot.commands.record", "everything that goes over ROS 2, into an MCAP file"),
    Command("report", "surefoot.commands.report", "what happened, on one page: of a recording or a training run"),
    Command("reset", "surefoot.commands.reset", "let a stopped robot be armed again"),
    Command(
        "safety", "surefoot.commands.safety", "what stops the robot and why: triggers, limits, a supervisor to try"
    ),
    Command("sim", "surefoot.commands.sim", "push the simulated robot, let its sensors fail, look at it"),
    Command("status", "surefoot.commands.status", "what the running robot does, why, and how its processes keep time"),
    Command("stop", "surefoot.commands.stop", "stop the running robot, whatever it does"),
    Command("task", "surefoot.commands.task", "what can be trained: every term, weight and range of a task"),
    Command("terrain", "surefoot.commands.terrain", "the terrain robots learn on: what each level means, pictures"),
    Command("train", "surefoot.commands.train", "learn a task from nothing, or go on with a run"),
    Command(
        "up", "surefoot.commands.up", "start a robot's processes, simulated or real, watch them, end them together"
    ),
    Command(
        "verify", "surefoot.commands.verify", "whether a policy file may run on a robot: every check and its outcome"
    ),
)


class CommandModule(Protocol):
    """What a module named in the table offers."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare options, positionals and nested subcommands."""

    def run(self, arguments: argparse.Namespace) -> int:
        """Do the work and return the exit status."""


class Parser(argparse.ArgumentParser):
    """Argparse whose complaints take the same road as every other expected error."""

    def __init__(self, **keywords: Any) -> None:  # noqa: ANN401  # argparse's own, passed through
        # Without abbreviations: one in a script breaks on the day another option starts alike.
        super().__init__(**{"allow_abbrev": False, **keywords})

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and leaving."""
        raise SurefootError(message, hint=f"see `{self.prog} --help`")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    words, debug = _take_debug(sys.argv[1:] if argv is None else argv)
    try:
        status = _run(words)
        sys.stdout.flush()  # here, so that a full disk or a closed pipe is reported like any other failure
    except (Exception, KeyboardInterrupt) as failure:
        return report_failure(failure, debug=debug)
    return status


def _take_debug(words: Sequence[str]) -> tuple[list[str], bool]:
    """Take `--debug` out from wherever it stands: before, after or inside the subcommand."""
    end = words.index("--") if "--" in words else len(words)
    kept = [word for word in words[:end] if word != "--debug"]
    return [*kept, *words[end:]], len(kept) < end


def _run(words: Sequence[str]) -> int:
    try:
        return _dispatch(words)
    except SystemExit as leaving:  # argparse, after --help and --version
        return int(leaving.code or DONE)


def _dispatch(words: Sequence[str]) -> int:
    first = next((index for index, word in enumerate(words) if not word.startswith("-")), len(words))
    _top_parser().parse_args(words[:first])
    if first == len(words):
        print(_top_parser().format_help(), file=sys.stderr)
        return WRONG_USAGE
    command = _find(words[first])
    module = cast(CommandModule, importlib.import_module(command.module))
    parser = Parser(prog=f"surefoot {command.name}", description=command.help)
    module.add_arguments(parser)
    _add_debug(parser)
    return module.run(parser.parse_args(words[first + 1 :]))


def _find(name: str) -> Command:
    for command in COMMANDS:
        if command.name == name:
            return command
    import difflib

    names = [command.name for command in COMMANDS]
    close = difflib.get_close_matches(name, names, n=1)
    meant = f": did you mean '{close[0]}'?" if close else ""
    raise SurefootError(f"there is no command '{name}'{meant}", hint=f"commands: {', '.join(names)}")


def _top_parser() -> Parser:
    width = max((len(command.name) for command in COMMANDS), default=0)
    table = "\n".join(f"  {command.name:<{width}}  {command.help}" for command in COMMANDS)
    parser = Parser(
        prog="surefoot",
        usage="surefoot [--help] [--version] [--debug] COMMAND ...",
        description="Walking quadrupeds, from a robot description to a policy under a safety supervisor.",
        epilog=f"commands:\n{table}\n\n`surefoot COMMAND --help` tells more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_PrintVersion, nargs=0, help="show the version and leave")
    _add_debug(parser)
    return parser


def _add_debug(parser: Parser) -> None:
    """Show `--debug` in the help; `_take_debug` has already read it."""
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


class _PrintVersion(argparse.Action):
    """Ask the installed distribution for its version, only when somebody wants to know."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"surefoot {version('surefoot')}")
        parser.exit()
