"""From arguments to a running link."""

from __future__ import annotations

import argparse
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from surefoot_robots.drivers.opening import find_opener
from surefoot_safety.channel.channels import COMMAND, LINK, STATE, read_channel, write_channel
from surefoot_safety.channel.memory import Writer
from surefoot_safety.channel.records import CommandRecord, LoopRecord, StateRecord
from surefoot_safety.command import CommandKind
from surefoot_safety.link.guard import link_limits_of
from surefoot_safety.link.link import RATE_HZ, Link
from surefoot_safety.process.ending import Ending
from surefoot_safety.process.main import begin, clear_away, parser
from surefoot_safety.process.phases import LINK_S
from surefoot_safety.process.realtime import prepare
from surefoot_safety.process.report import REPORT_S, loop_record
from surefoot_safety.process.ticker import Ticker

LOG = logging.getLogger(__name__)
STOPPED_S = 0.5
"""A link that was asked to end goes once the robot has been stopped for so long,"""
LONGEST_END_S = 10.0
"""or after so long, whatever the supervisor says."""


def run(words: Sequence[str]) -> None:
    """Link until asked to end; the supervisor has time to bring the robot to rest."""
    arguments = _parser().parse_args(words)
    spec, settings, folder = begin(arguments)
    opener = find_opener(arguments.driver)
    ending = Ending()
    states = write_channel(folder, STATE, StateRecord)  # first: it refuses a second link before that has a driver
    loop = write_channel(folder, LINK, LoopRecord)
    try:
        driver = opener(spec, arguments.driver_file, folder)
        link = Link(driver, read_channel(folder, COMMAND, CommandRecord), states, link_limits_of(spec, settings))
        real_time = prepare(arguments.priority, arguments.cores)
        LOG.info("link of %s at %g Hz with driver %s; %s", spec.name, RATE_HZ, arguments.driver, real_time)
        _loop(link, ending, loop, real_time)
    finally:
        loop.close()
        states.close()
        clear_away(folder)


def _loop(link: Link, ending: Ending, loop: Writer[LoopRecord], real_time: str) -> None:
    ticker = Ticker(RATE_HZ, phase_s=LINK_S)
    asked_s = moving_s = now_s = reported_s = 0.0
    try:
        while True:
            ticker.wait()
            now_s = link.tick(time.monotonic)
            if now_s - reported_s >= REPORT_S:
                reported_s = now_s
                loop.write(loop_record(ticker, link.latencies, real_time, link.note), now_s)
            if link.order.kind is CommandKind.TRACK:
                moving_s = now_s
            if ending.asked:
                asked_s = asked_s or now_s
                if ending.asked > 1 or now_s - moving_s > STOPPED_S or now_s - asked_s > LONGEST_END_S:
                    return
    finally:
        link.let_go(now_s)


def _parser() -> argparse.ArgumentParser:
    made = parser("surefoot_safety.link")
    made.add_argument("--driver", required=True, help="sim, or package.module:function")
    made.add_argument("--driver-file", type=Path, help="what describes this robot to its driver")
    return made
