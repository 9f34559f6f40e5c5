"""`surefoot safety try`: throw triggers at the supervisor and see what it does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from surefoot.output import print_json
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_robots.spec import RobotSpec
    from surefoot_safety.settings import Settings
    from surefoot_safety.tryout import Event, Tryout

HELP = "throw triggers at the supervisor and see what it does"
DESCRIPTION = (
    "A supervisor with a made-up robot around it. Type what an operator asks for (arm, stand, walk, stop, reset), the "
    "name of a trigger to bring its cause about and again to take it away, `wait 3` to let three seconds pass."
)
STEP_S = 0.1
"""What passes with every line."""
LONGEST_WAIT_S = 3600.0
GUIDE = """\
requests  {requests}
triggers  {triggers}
wait S    let S seconds pass
status    where it is and why
help      this
quit      leave
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A script, for those who do not want to type."""
    parser.add_argument(
        "--do",
        metavar="WORDS",
        help="lines separated by commas, as in: arm, stand, wait 3, walk, policy_silent, wait 6",
    )


def run(spec: RobotSpec, settings: Settings, arguments: argparse.Namespace) -> int:
    """Read lines until there are no more."""
    from surefoot_safety.limits import limits_of
    from surefoot_safety.tryout import Tryout

    tryout = Tryout(limits_of(spec, settings), spec)
    if arguments.json and arguments.do is None:
        raise SurefootError("`surefoot safety try --json` needs --do", hint='as in: --do "arm, stand, wait 3, walk"')
    if arguments.do is not None:
        events = [event for line in arguments.do.split(",") for event in _obey(tryout, line.strip())]
        _report(tryout, events, as_json=arguments.json)
        return 0
    _converse(tryout)
    return 0


def _converse(tryout: Tryout) -> None:
    print(_guide())
    print(_status(tryout))
    for line in _lines(tryout):
        match line:
            case "help":
                print(_guide())
            case "status":
                print(_status(tryout))
            case _:
                try:
                    events = _obey(tryout, line)
                except SurefootError as error:
                    print(error.message, *(["hint:", error.hint] if error.hint else []))
                else:
                    _print_events(events)


def _lines(tryout: Tryout) -> Iterator[str]:
    prompted = sys.stdin.isatty()
    while True:
        if prompted:
            print(f"{tryout.mode.value}> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line or line.strip() in {"quit", "exit"}:
            return
        if line.strip():
            yield line.strip()


def _obey(tryout: Tryout, line: str) -> list[Event]:
    """Do what a line says and let time pass."""
    from surefoot_safety.mode import Request
    from surefoot_safety.table import Trigger
    from surefoot_safety.tryout import SPOILS

    requests = {request.value: request for request in Request}
    triggers = {trigger.value: trigger for trigger in Trigger if trigger in SPOILS}
    if line in requests:
        return tryout.advance(STEP_S, requests[line])
    if line in triggers:
        tryout.faults ^= {triggers[line]}
        return tryout.advance(STEP_S)
    if line.startswith("wait"):
        return tryout.advance(_seconds(line))
    _refuse_what_takes_patience(line)
    import difflib

    known = [*requests, *triggers, "wait"]
    close = difflib.get_close_matches(line, known, n=1)
    meant = f": did you mean '{close[0]}'?" if close else ""
    raise SurefootError(f"'{line}' is neither a request nor a trigger{meant}", hint=f"known: {', '.join(known)}")


def _refuse_what_takes_patience(line: str) -> None:
    from surefoot_safety.table import Trigger
    from surefoot_safety.tryout import SPOILS

    if line in {trigger.value for trigger in Trigger if trigger not in SPOILS}:
        raise SurefootError(
            f"{line} has no cause that could be brought about: it is time alone that raises it",
            hint="lead the robot into a fallback that nobody asked for, and wait: walk, policy_silent, wait 6; or into "
            "the air: hang, wait 121",
        )


def _seconds(line: str) -> float:
    text = line.removeprefix("wait").strip() or "1"
    try:
        seconds = float(text)
    except ValueError:
        seconds = float("nan")
    if not 0.0 < seconds <= LONGEST_WAIT_S:
        raise SurefootError(f"'{line}': seconds must be above 0 and at most {LONGEST_WAIT_S:g}", hint="as in: wait 3")
    return seconds


def _report(tryout: Tryout, events: list[Event], *, as_json: bool) -> None:
    if as_json:
        status = tryout.output.status
        print_json(
            {
                "mode": status.mode,
                "command": tryout.output.command.kind,
                "latched": {trigger.value: why for trigger, why in status.latched.items()},
                "events": events,
            }
        )
        return
    _print_events(events)
    print(_status(tryout))


def _print_events(events: list[Event]) -> None:
    for event in events:
        print(f"{event.now_s:9.3f} s  {event.text}")


def _status(tryout: Tryout) -> str:
    status = tryout.output.status
    lines = [f"{status.mode.value}, motors: {tryout.output.command.kind.value}"]
    lines += [f"  {trigger.value}: {why}" for trigger, why in status.active.items()]
    lines += [f"  latched: {trigger.value} ({why})" for trigger, why in status.latched.items()]
    if tryout.faults:
        lines.append(f"  brought about: {', '.join(sorted(fault.value for fault in tryout.faults))}")
    return "\n".join(lines)


def _guide() -> str:
    import textwrap

    from surefoot_safety.mode import Request
    from surefoot_safety.tryout import SPOILS

    def folded(names: list[str]) -> str:
        return textwrap.fill(" ".join(names), 100, subsequent_indent=" " * 10)

    return GUIDE.format(
        requests=folded([request.value for request in Request]),
        triggers=folded([trigger.value for trigger in SPOILS]),
    )
