"""`surefoot estop`: an e-stop at the keyboard of another machine, through ROS 2. Closing it stops the robot, too."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot_control.estop_button import Sight

DESCRIPTION = (
    "One of the endpoints that a robot needs to hear: it was started with `surefoot up ... --estop-key FILE "
    "--estop-endpoint NAME`, and permits nothing unless all of them check in. Space or Enter stops the robot. So does "
    "silence: closing this, a lost network, a machine that goes to sleep. It is software, and no safety-rated button."
)
LEVELS = {"settle": "SETTLE_THEN_DAMP", "zero-torque": "ZERO_TORQUE"}
SHOW_S = 0.2
PEERS, DOMAIN = "ROS_STATIC_PEERS", "ROS_DOMAIN_ID"
LASTING = {
    "SSH_CONNECTION": "is reached by ssh: where that connection is lost, this endpoint goes on for minutes",
    "TMUX": "is one of tmux: when its window is closed, this endpoint goes on",
    "STY": "is one of screen: when its window is closed, this endpoint goes on",
}
"""Variable in whose presence a terminal may outlast the person at it → what to say then."""
GREEN, RED, YELLOW, PLAIN = "\x1b[30;42m", "\x1b[97;41m", "\x1b[30;43m", "\x1b[0m"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which endpoint it is, and where the robot is."""
    parser.description = DESCRIPTION
    parser.add_argument(
        "--key", type=Path, required=True, metavar="FILE", help="the robot's: `surefoot safety key FILE` makes one"
    )
    parser.add_argument("--name", default="button", help="as the robot knows it, --estop-endpoint (default: button)")
    parser.add_argument(
        "--level",
        choices=LEVELS,
        default="settle",
        help="what a press does. settle: sit down, then damp (default); zero-torque: the robot falls",
    )
    parser.add_argument(
        "--connect",
        action="append",
        default=[],
        metavar="ADDRESS",
        help="of the robot's computer, where the network carries no multicast; may be repeated",
    )
    parser.add_argument("--domain", type=int, metavar="N", help="the robot's ROS_DOMAIN_ID, if it has one")


def run(arguments: argparse.Namespace) -> int:
    """Check in until q or Ctrl-C."""
    from surefoot_control.ros import check_ros

    check_ros()
    from surefoot_control.estop_button import HELP, Button
    from surefoot_safety.estop_endpoint import EstopEndpoint
    from surefoot_safety.estop_key import read_key
    from surefoot_safety.estop_message import EstopLevel

    name: str = arguments.name
    if not (name.isidentifier() and name.isascii()):
        raise SurefootError(f"e-stop endpoint {name!r} is not a valid name: must be letters, digits and _")
    endpoint = EstopEndpoint(name, read_key(arguments.key))
    _find_robot(arguments.connect, arguments.domain)
    from surefoot_control.estop_node import attend

    _warn_of_lasting_terminals()
    print(HELP, flush=True)
    panel = _Panel()
    attend(Button(endpoint, EstopLevel[LEVELS[arguments.level]]), panel.show)
    panel.end(f"ended: {name} is silent, and a robot that needs it sits down")
    return 0


def _warn_of_lasting_terminals() -> None:
    """Silence stops the robot only if this process ends with the person."""
    for variable, words in LASTING.items():
        if os.environ.get(variable):
            print(
                f"warning: this terminal {words}, with nobody at it, and the robot may walk on. "
                "Run it on the machine in front of you, in a terminal of its own",
                file=sys.stderr,
                flush=True,
            )


def _find_robot(addresses: list[str], domain: int | None) -> None:
    """Tell ROS where to look; what it knows already from its environment stays otherwise."""
    for address in addresses:
        if not address or ";" in address or address != address.strip():
            raise SurefootError(f"--connect {address!r} is no address", hint="a name or number, as in 192.168.0.10")
    if addresses:
        known = [peer for peer in os.environ.get(PEERS, "").split(";") if peer]
        os.environ[PEERS] = ";".join([*known, *addresses])
    if domain is not None:
        if not 0 <= domain <= 232:
            raise SurefootError(f"--domain {domain} must be within 0 to 232")
        os.environ[DOMAIN] = str(domain)


class _Panel:
    """Tells every change on a line of its own, and on a terminal how things are now below them."""

    def __init__(self) -> None:
        self._live = sys.stdout.isatty()
        self._sight: Sight | None = None
        self._shown_s = 0.0

    def show(self, sight: Sight, words: str) -> None:
        """What a person at the button must see."""
        now_s = time.monotonic()
        changed = sight is not self._sight
        if changed:
            self._sight = sight
            self._print(f"{time.strftime('%H:%M:%S')} {words}", end="\n")
        if self._live and (changed or now_s - self._shown_s >= SHOW_S):
            self._shown_s = now_s
            self._print(f"{self._color()} {words[: shutil.get_terminal_size().columns - 3]} {PLAIN}", end="")

    def end(self, words: str) -> None:
        """Say so, in place of the last state."""
        self._print(words, end="\n")

    def _color(self) -> str:
        from surefoot_control.estop_button import Sight

        return {Sight.RELEASED: GREEN, Sight.STOP: RED}.get(self._sight or Sight.UNHEARD, YELLOW)

    def _print(self, text: str, *, end: str) -> None:
        print(f"\r\x1b[2K{text}" if self._live else text, end=end, flush=True)
