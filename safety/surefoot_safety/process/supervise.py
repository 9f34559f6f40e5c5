"""The supervisor's process: `python -m surefoot_safety.process.supervise`. Started by `surefoot up`."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import STATUS, SUPERVISOR, read_channel, write_channel
from surefoot_safety.channel.records import LoopRecord, StatusRecord
from surefoot_safety.estop import Endpoint, EStop
from surefoot_safety.estop_key import read_key
from surefoot_safety.gait import Gaits
from surefoot_safety.gaits.gains import check_gains
from surefoot_safety.limits import limits_of
from surefoot_safety.process.ending import Ending
from surefoot_safety.process.main import begin, clear_away, guarded, parser
from surefoot_safety.process.phases import SUPERVISOR_S
from surefoot_safety.process.policy_file import read_terms
from surefoot_safety.process.realtime import prepare
from surefoot_safety.process.report import REPORT_S, loop_record
from surefoot_safety.process.supervising import RATE_HZ, Ports, Supervising
from surefoot_safety.process.ticker import Ticker
from surefoot_safety.settings import Settings
from surefoot_safety.supervisor import Supervisor

LOG = logging.getLogger(__name__)
GAITS = "surefoot_safety.gaits:gaits_of"
BEYOND_SETTLE_S = 2.0
"""Longer than it may take to sit down the end of the process does not wait."""


def run(words: Sequence[str]) -> None:
    """Supervise until asked to end; bring the robot to rest before that."""
    arguments = _parser().parse_args(words)
    spec, settings, folder = begin(arguments)
    limits = limits_of(spec, settings)
    if arguments.gaits == GAITS:
        check_gains(spec, settings.command)
    terms = None if arguments.policy is None else read_terms(arguments.policy, limits)
    if terms is not None:
        LOG.info("a policy is held to the contract of %s, sha256 %s…", arguments.policy, terms.sha256[:12])
    supervisor = Supervisor(limits, _gaits(arguments.gaits, spec), terms, after=_left_behind(folder))
    estop = _estop(arguments, settings)
    ending = Ending()
    ports = Ports.open(folder)
    loop = write_channel(folder, SUPERVISOR, LoopRecord)
    try:
        work = Supervising(spec.name, supervisor, estop, ports)
        real_time = prepare(arguments.priority, arguments.cores)
        LOG.info("supervisor of %s at %g Hz; %s", spec.name, RATE_HZ, real_time)
        _loop(work, ending, settings, lambda ticker: loop_record(ticker, work.latencies, real_time, ""), loop.write)
    finally:
        loop.close()
        ports.close()
        clear_away(folder)


def _left_behind(folder: Path) -> str:
    """How the supervisor before this one ended: one that ends in good order takes its channels with it."""
    reader = read_channel(folder, STATUS, StatusRecord)
    found = reader.read(time.monotonic())
    reader.close()
    return "" if found is None else f"the supervisor before this one ended while {found.record.mode.value}"


def _loop(
    work: Supervising,
    ending: Ending,
    settings: Settings,
    record: Callable[[Ticker], LoopRecord],
    publish: Callable[[LoopRecord, float], None],
) -> None:
    ticker, last_s, reported_s = Ticker(RATE_HZ, phase_s=SUPERVISOR_S), float("inf"), 0.0
    while True:
        now_s = ticker.wait()
        if ending.asked and not work.settling:
            work.settling, last_s = True, now_s + settings.timing.settle_s + BEYOND_SETTLE_S
        work.tick(time.monotonic)
        if now_s - reported_s >= REPORT_S:
            reported_s = now_s
            publish(record(ticker), now_s)
        if work.settling and (work.at_rest or now_s > last_s or ending.asked > 1):
            return


def _parser() -> argparse.ArgumentParser:
    made = parser("surefoot_safety.process.supervise")
    made.add_argument("--gaits", default=GAITS, help="package.module:function, from the robot to its gaits")
    made.add_argument(
        "--policy", type=Path, help="the file of the policy that walks: targets must keep to its contract"
    )
    made.add_argument("--estop-key", type=Path, help="the file that e-stop endpoints sign with")
    made.add_argument("--estop-endpoint", action="append", default=[], help="who must check in; may be repeated")
    return made


def _gaits(name: str, spec: RobotSpec) -> Gaits:
    module, _, function = name.partition(":")
    try:
        made: Gaits = getattr(importlib.import_module(module), function)(spec)
    except (ImportError, AttributeError, ValueError) as error:
        raise SurefootError(f"gaits {name!r} cannot be found: {error}") from error
    return made


def _estop(arguments: argparse.Namespace, settings: Settings) -> EStop:
    """The e-stop with its endpoints. Without a key nobody can check in, and the robot stays without torque."""
    estop = EStop(read_key(arguments.estop_key) if arguments.estop_key else b"")
    times = settings.estop
    endpoints = [Endpoint(name, times.timeout_s, times.zero_torque_after_s) for name in arguments.estop_endpoint]
    if endpoints and not arguments.estop_key:
        raise SurefootError(
            "e-stop endpoints need a key: --estop-key FILE", hint="`surefoot safety key FILE` makes one"
        )
    estop.configure(endpoints, motors_on=False)
    return estop


if __name__ == "__main__":
    sys.exit(guarded(lambda: run(sys.argv[1:])))
