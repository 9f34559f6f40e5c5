"""`surefoot console`: a web page to see, drive and stop the running robot; served to this machine alone."""

from __future__ import annotations

import argparse
import asyncio
import errno
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from surefoot.operating import add_place, running_folder
from surefoot.output import print_json
from surefoot_robots.errors import SurefootError

if TYPE_CHECKING:
    from surefoot.console.desk import Options
    from surefoot.console.server import Place
    from surefoot_robots.spec import RobotSpec

PORT = 8873
EVERYWHERE = {"0.0.0.0", "::"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to listen, and how fast a fully held key or stick is."""
    parser.add_argument("--port", type=int, default=PORT, help=f"of the page; 0 for any that is free (default: {PORT})")
    parser.add_argument("--speed", type=float, default=0.5, metavar="M/S", help="ahead, fully held (default: 0.5)")
    parser.add_argument("--turn", type=float, default=0.8, metavar="RAD/S", help="turning, fully held (default: 0.8)")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="to listen at (default: 127.0.0.1)")
    parser.add_argument(
        "--remote", action="store_true", help="let others in the network come, too: whoever has the token may drive"
    )
    parser.add_argument("--name", action="append", default=[], help="this machine's name, if the page is opened by it")
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="a token of your own; else a new one each time")
    parser.add_argument("--estop-key", type=Path, metavar="FILE", help="the same as of `up`, if that was given one")
    parser.add_argument(
        "--recordings", type=Path, default=Path(), metavar="DIR", help="where recordings go (default: .)"
    )
    parser.add_argument("--stamped", action="store_true", help="TwistStamped, where the robot node expects that")
    parser.add_argument("--seconds", type=float, default=math.inf, metavar="S", help="end by itself after so long")
    parser.add_argument("--json", action="store_true", help="print the address as one JSON object and nothing else")
    add_place(parser)


def run(arguments: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from surefoot_robots.loader import load_robot
    from surefoot_safety.channel.place import default_root, folder_of

    place = _place(arguments)
    if arguments.robot is None:
        folder = running_folder(arguments)
        spec = load_robot(folder.name)
    else:
        spec = load_robot(arguments.robot)
        folder = folder_of(spec.name, arguments.run_dir)
    root = (arguments.run_dir or default_root()).absolute()
    _serve(folder, spec, _options(arguments, root), place, seconds=arguments.seconds, as_json=arguments.json)
    return 0


def _serve(folder: Path, spec: RobotSpec, options: Options, place: Place, *, seconds: float, as_json: bool) -> None:
    from surefoot.console.alone import only_one
    from surefoot.console.desk import Desk
    from surefoot.console.geometry import geometry
    from surefoot.console.sending import load_ros
    from surefoot.console.server import ConsoleServer
    from surefoot_safety.process.asking import Asker
    from surefoot_safety.process.ending import Ending

    held, ending, end_s = only_one(folder), Ending(), time.monotonic() + seconds
    desk, asker = Desk(folder, spec, options, time.time), Asker(folder)
    server = ConsoleServer(desk, asker, geometry(spec), place)
    load_ros()
    try:
        asyncio.run(
            server.run(
                lambda: bool(ending.asked or desk.sending.asked_to_end or time.monotonic() > end_s),
                lambda port: _tell(place, port, as_json=as_json),
            )
        )
    except OSError as error:
        if error.errno not in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
            raise
        raise SurefootError(
            f"cannot listen at {place.address} port {place.port}: {error.strerror}",
            hint="choose another --port or --host",
        ) from error
    finally:
        desk.close()
        asker.close()
        ending.restore()
        held.close()


def _place(arguments: argparse.Namespace) -> Place:
    """Where to listen; elsewhere than on this machine only if that was said."""
    from surefoot.console.access import check_token, is_loopback, new_token
    from surefoot.console.server import Place

    if not is_loopback(arguments.host) and not arguments.remote:
        raise SurefootError(
            f"--host {arguments.host} would let others in the network drive the robot",
            hint="say so with --remote; or leave it, and come by `ssh -L 8873:127.0.0.1:8873 ROBOT`",
        )
    if arguments.remote and is_loopback(arguments.host):
        raise SurefootError(
            f"--remote lets others come, and {arguments.host} is heard by this machine alone",
            hint="name this machine's address in that network with --host, or leave --remote",
        )
    if not 0 <= arguments.port <= 65535:
        raise SurefootError(f"--port {arguments.port} must be within 0 to 65535")
    token = new_token() if arguments.token_file is None else check_token(_secret(arguments.token_file))
    return Place(
        arguments.host, arguments.port, token, tuple(name.lower() for name in (*arguments.name, arguments.host))
    )


def _secret(file: Path) -> str:
    from surefoot_safety.estop_key import OTHERS

    try:
        if file.stat().st_mode & OTHERS:
            raise SurefootError(f"{file}: others may read the token or write it", hint=f"chmod 600 {file}")
        return file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SurefootError(f"{file}: the token cannot be read: {error}") from error


def _options(arguments: argparse.Namespace, root: Path) -> Options:
    from surefoot.console.desk import Options
    from surefoot_control.driving import Speeds

    numbers = (arguments.speed, arguments.turn)
    if not all(map(math.isfinite, numbers)) or min(numbers) < 0.0:
        raise SurefootError("--speed and --turn must be numbers, not below 0")
    if not arguments.recordings.is_dir():
        raise SurefootError(f"--recordings {arguments.recordings}: there is no such folder")
    return Options(
        Speeds(arguments.speed, 0.5 * arguments.speed, arguments.turn),
        root,
        arguments.estop_key,
        arguments.recordings.absolute(),
        arguments.stamped,
    )


def _tell(place: Place, port: int, *, as_json: bool) -> None:
    """The address with its token behind the #, which browsers send to nobody."""
    own = place.address not in EVERYWHERE
    host = f"[{place.address}]" if ":" in place.address else place.address
    url = f"http://{host if own else '127.0.0.1'}:{port}/#token={place.token}"
    if as_json:
        print_json({"url": url, "port": port, "token": place.token})
    else:
        print(f"the robot's page: {url}")
        if not own:
            print("from elsewhere: the same with this machine's address in place of 127.0.0.1")
        print("whoever has this address may drive; Ctrl-C ends it")
    sys.stdout.flush()
