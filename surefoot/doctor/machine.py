"""Cores, memory, disk, shared memory; the kernel's permissions for loops that must be on time; clocks."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from surefoot.doctor.finding import Finding, bad, good, note, warn

GIB = 2**30
FEWEST_CORES, LEAST_MEMORY, LEAST_DISK, LEAST_SHARED = 2, 4 * GIB, 3 * GIB, 64 * 2**20
"""Training from scratch is stated for two cores; torch and the simulated robots take some 2 GiB; an installation with
everything takes 2.5 GB; channels and ROS take some 10 MB."""
LATE_US = 1000.0
"""A fifth of a tick of the supervisor."""
TICKS, TICK_NS = 200, 2_000_000
LIMITS_FILE = "/etc/security/limits.d/surefoot.conf"
EARLIEST_YEAR = 2026
"""A clock that was never set is before that."""
ASK = """
from surefoot_safety.process.realtime import prepare
refused = [each for each in prepare(50).split("; ") if each.startswith(("no SCHED_FIFO", "no memory locked"))]
raise SystemExit("Error: " + "; ".join(refused) if refused else 0)
"""
"""What `surefoot up` asks for on a real robot."""


@dataclass(frozen=True, slots=True)
class Resources:
    """Of this machine, now."""

    cores: int
    load: float
    memory_bytes: int
    """That can be had without swapping."""
    disk_bytes: int
    shared_bytes: int | None
    """None where there is no shared memory."""


def resources_found(there: Resources) -> list[Finding]:
    """Whether there is enough of everything."""
    return [_processor_found(there), _memory_found(there), _disk_found(there), _shared_found(there.shared_bytes)]


def _processor_found(there: Resources) -> Finding:
    topic, said = "processor", f"{there.cores} cores, load {there.load:.1f}"
    if there.cores < FEWEST_CORES:
        return warn(topic, said, "training and a robot's processes share it: expect late ticks")
    if there.load > there.cores:
        return warn(topic, said, "something else keeps it busy: figures of `surefoot bench` would be wrong")
    return good(topic, said)


def _memory_found(there: Resources) -> Finding:
    said = f"{there.memory_bytes / GIB:.1f} GiB free"
    if there.memory_bytes >= LEAST_MEMORY:
        return good("memory", said)
    return warn("memory", said, "train fewer robots at once: surefoot train TASK --robots 64")


def _disk_found(there: Resources) -> Finding:
    said = f"{there.disk_bytes / GIB:.1f} GiB free in this folder"
    if there.disk_bytes >= LEAST_DISK:
        return good("disk", said)
    return warn("disk", said, "make room: an installation takes 2.5 GB, a training run some 100 MB")


def _shared_found(shared_bytes: int | None) -> Finding:
    topic, hint = "shared memory", "in a container: --shm-size=256m"
    if shared_bytes is None:
        return bad(topic, "/dev/shm is not there or cannot be written", f"mount -t tmpfs tmpfs /dev/shm; {hint}")
    said = f"{shared_bytes / 2**20:.0f} MiB free"
    return good(topic, said) if shared_bytes >= LEAST_SHARED else bad(topic, said, f"make it larger; {hint}")


def real_time_found(refused: str, governor: str, kernel: str) -> list[Finding]:
    """`refused`: what the kernel did not give a process that asked for it."""
    found = [good("real time", "priority and locked memory are permitted")]
    if refused:
        lines = "'youruser - rtprio 60' and 'youruser - memlock unlimited'"
        hint = (
            f"write {lines} to {LIMITS_FILE}, then log in anew; in a container: --cap-add=sys_nice --ulimit rtprio=60"
        )
        found = [warn("real time", f"{refused}: busy cores make loops late", hint)]
    if governor not in ("", "performance"):
        how = "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
        found.append(warn("processor speed", f"governed by {governor!r}: it sleeps between ticks", how))
    if "PREEMPT_RT" in kernel:
        found.append(good("kernel", "made for real time (PREEMPT_RT)"))
    else:
        found.append(note("kernel", "not made for real time (PREEMPT_RT): ticks may be some ms late now and then"))
    return found


def clock_found(late_us: Sequence[float], year: int, synchronized: str) -> list[Finding]:
    """How late a sleeping loop is woken, and whether the wall clock can be right."""
    ordered = sorted(late_us)
    middle, high = statistics.median(ordered), ordered[int(0.99 * len(ordered))]
    said = f"woken {middle:.0f} µs late, 99 % within {high:.0f} µs"
    hint = "real-time priority, an idle machine, or a kernel without power saving; see docs/runtime.md"
    found = [good("timer", said) if high <= LATE_US else warn("timer", said, hint)]
    if year < EARLIEST_YEAR:
        found.append(
            warn("wall clock", f"says {year}", "set it: logs and e-stop messages of other machines carry times")
        )
    elif synchronized == "no":
        hint = "timedatectl set-ntp true; machines that exchange stamped messages must agree on the time"
        found.append(warn("wall clock", "is not synchronized", hint))
    else:
        found.append(good("wall clock", {"yes": "synchronized"}.get(synchronized, "plausible")))
    return found


def look(where: Path, tried: Callable[[str], str]) -> list[Finding]:
    """At this machine; `where` is the folder whose disk is meant, `tried` runs code in a process of its own."""
    shared = Path("/dev/shm")
    can_share = shared.is_dir() and os.access(shared, os.W_OK)
    there = Resources(
        cores=len(os.sched_getaffinity(0)),
        load=os.getloadavg()[0],
        memory_bytes=_memory_free(Path("/proc/meminfo").read_text()),
        disk_bytes=shutil.disk_usage(where).free,
        shared_bytes=shutil.disk_usage(shared).free if can_share else None,
    )
    governor = _text(Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))
    return [
        *resources_found(there),
        *real_time_found(tried(ASK).removeprefix("Error: "), governor, os.uname().version),
        *clock_found(_lateness_us(), time.gmtime().tm_year, _synchronized()),
    ]


def _memory_free(meminfo: str) -> int:
    """Bytes that can be had without swapping."""
    line = next((line for line in meminfo.splitlines() if line.startswith("MemAvailable:")), "MemAvailable: 0 kB")
    return int(line.split()[1]) * 1024


def _lateness_us() -> list[float]:
    """Of a loop as the robot's loops are."""
    from surefoot_safety.process.ticker import best_sleep

    sleep_until_ns, late = best_sleep(), []
    due_ns = time.monotonic_ns()
    for _ in range(TICKS):
        due_ns += TICK_NS
        sleep_until_ns(due_ns)
        late.append(max(0, time.monotonic_ns() - due_ns) / 1000.0)
    return late


def _synchronized() -> str:
    """Yes, no, or nothing where nobody knows."""
    try:
        ended = subprocess.run(
            ["timedatectl", "show", "--property=NTPSynchronized", "--value"],
            capture_output=True,
            text=True,
            timeout=5.0,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return ended.stdout.strip() if ended.returncode == 0 else ""


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
