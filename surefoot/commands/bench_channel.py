"""`surefoot bench channel`: one writer and several readers of shared memory, as fast as they can; no record is torn."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from surefoot.numbers import positive
from surefoot.output import print_json, print_table
from surefoot.progress import progress_bar
from surefoot.terminated import like_ctrl_c

HELP = "one writer and several readers of a channel, as fast as they can: no record is ever torn"
DESCRIPTION = (
    "Each is a process. Every number of a record follows from its first one, so that a mixture of two is found. Bar: "
    "no wrong record, none in the wrong order."
)
LATE_S = 300.0
"""For machines that have other things to do."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How long, and how many readers."""
    parser.add_argument("--seconds", type=positive, default=60, help="how long (default: 60)")
    parser.add_argument("--readers", type=positive, default=3, help="beside the one writer (default: 3)")


def run(arguments: argparse.Namespace) -> int:
    """Hammer and print; 1 if a record was wrong, or if nobody read any."""
    from surefoot_safety.channel.place import SHARED_MEMORY

    memory = SHARED_MEMORY if SHARED_MEMORY.is_dir() else None
    with (
        like_ctrl_c(),
        tempfile.TemporaryDirectory(dir=memory, prefix="sf-") as folder,
        progress_bar(None, "hammer", quiet=arguments.json) as advance,
    ):
        words = (str(Path(folder) / "hammer.channel"), str(arguments.seconds))
        processes = [_start("write", *words), *(_start("read", *words) for _ in range(arguments.readers))]
        try:
            told = [json.loads(process.communicate(timeout=arguments.seconds + LATE_S)[0]) for process in processes]
        finally:
            for process in processes:
                process.kill()
                process.communicate()
        advance()
    writer, *readers = told
    good = all(reader["reads"] and not reader["wrong"] and not reader["backward"] for reader in readers)
    if arguments.json:
        print_json({**writer, "seconds": arguments.seconds, "readers": readers, "good": good})
    else:
        columns = ("read", "wrong", "in wrong order", "copied again")
        print_table(
            columns,
            [tuple(reader.values()) for reader in readers],
            title=f"{writer['written']} records written in {arguments.seconds} s",
        )
    return 0 if good else 1


def _start(*words: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "surefoot_safety.process.hammer", *words]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
