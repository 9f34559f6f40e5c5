"""Python and packages: what is declared, what is there, and whether it can be imported at all."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from surefoot.doctor.finding import Finding, bad, good, note, warn

OLDEST = (3, 11)
ARCHITECTURES = ("x86_64", "aarch64")
DISTRIBUTION = "surefoot"
EXTRAS = {
    "": "running a policy",
    "sim": "the simulated robot, `surefoot terrain`",
    "train": "training, evaluation, films",
    "calibrate": "identification",
    "ros": "ROS 2 from wheels (not needed beside a ROS installation)",
    "dev": "`make test`, `make lint`",
}
"""Extra and what it is for; the empty one is what is always needed."""
IMPORTS = {"numpy": "", "onnxruntime": "", "mujoco": "sim", "torch": "train", "rclpy": "ros"}
"""Modules with compiled code, which may be installed and still not load, by extra."""
IMPORT_S = 60.0
OFF_SCREEN = "import mujoco; mujoco.GLContext(64, 64).make_current()"
Installed = Callable[[str], str | None]
Tried = Callable[[str], str]


def python_found(version: tuple[int, int], machine: str, system: str) -> list[Finding]:
    """Whether this interpreter and this kind of machine are among those that are supported."""
    topic, said = "python", f"{version[0]}.{version[1]} on {system} {machine}, {sys.executable}"
    if version < OLDEST:
        return [bad(topic, said, f"install Python {OLDEST[0]}.{OLDEST[1]} or newer; PYTHON=/path/to/it make demo")]
    if system != "Linux":
        return [warn(topic, said, "robots run on Linux only: shared memory, signals and timers are Linux's")]
    if machine not in ARCHITECTURES:
        return [warn(topic, said, f"tried on {' and '.join(ARCHITECTURES)} only")]
    return [good(topic, said)]


def packages_found(requirements: Iterable[str], installed: Installed) -> list[Finding]:
    """Extra by extra: complete, incomplete, or with other versions than were declared."""
    wanted = [Requirement(text) for text in requirements]
    return [_extra_found(extra, [each for each in wanted if _belongs(each, extra)], installed) for extra in EXTRAS]


def _belongs(requirement: Requirement, extra: str) -> bool:
    """Whether the extra, and not already the package itself, asks for it."""
    marker = requirement.marker
    if marker is None:
        return extra == ""
    return extra != "" and marker.evaluate({"extra": extra}) and not marker.evaluate({"extra": ""})


def _extra_found(extra: str, wanted: list[Requirement], installed: Installed) -> Finding:
    topic, what_for = f"packages [{extra}]" if extra else "packages", EXTRAS[extra]
    there = {each.name: installed(each.name) for each in wanted}
    missing = sorted({name for name, version in there.items() if version is None})
    others = sorted(
        {
            f"{each.name} {version} (must be {each.specifier})"
            for each in wanted
            if (version := there[each.name]) is not None and not each.specifier.contains(version, prereleases=True)
        }
    )
    hint = f"pip install '{DISTRIBUTION}{f'[{extra}]' if extra else ''}'"
    if others:
        return bad(topic, f"{', '.join(others)}; for {what_for}", hint)
    if not missing:
        return good(topic, f"{len(there)} packages; for {what_for}")
    said = f"not installed: {', '.join(missing)}; for {what_for}"
    return note(topic, said, hint) if extra else bad(topic, said, hint)


def imports_found(installed: Installed, tried: Tried) -> list[Finding]:
    """Whether what is installed also loads: another C library, a missing driver or a damaged file show only then."""
    found = []
    for module, extra in IMPORTS.items():
        if not extra or installed(module) is not None or module == "rclpy":
            failure = tried(f"import {module}")
            if failure and not (module == "rclpy" and "No module named 'rclpy'" in failure):
                hint = "reinstall it: pip install --force-reinstall --no-deps " + module
                found.append(bad(f"import {module}", failure, hint))
    if not found:
        found.append(good("imports", "compiled packages load"))
    if installed("mujoco") is not None:
        failure = tried(OFF_SCREEN)
        hint = "apt install libegl1 libosmesa6, then MUJOCO_GL=egl or MUJOCO_GL=osmesa; only films and pictures need it"
        found.append(warn("off-screen pictures", failure, hint) if failure else good("off-screen pictures", "drawn"))
    return found


def installed_version(name: str) -> str | None:
    """Of a distribution; None if it is not there."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def tried_apart(code: str) -> str:
    """Run in a process of its own, which may crash; the last line it said, or nothing if it went well."""
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=IMPORT_S, check=False, cwd=Path("/")
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {IMPORT_S:g} s"
    if ended.returncode == 0:
        return ""
    lines = [line for line in ended.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"^[A-Za-z_.]*(Error|Exception)\b", line)]
    return (errors or lines or [f"ended with status {ended.returncode}"])[-1].strip()


def look() -> list[Finding]:
    """At this interpreter and its packages."""
    requirements = metadata.requires(DISTRIBUTION) or []
    return [
        *python_found(sys.version_info[:2], platform.machine(), platform.system()),
        *packages_found(requirements, installed_version),
        *imports_found(installed_version, tried_apart),
        *_environment(os.environ.get("PYTHONPATH", "")),
    ]


def _environment(python_path: str) -> list[Finding]:
    """Paths that put packages of another Python before ours."""
    own = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    strange = [
        place for place in python_path.split(":") if (found := re.search(r"python3\.\d+", place)) and found[0] != own
    ]
    if not strange:
        return []
    what = f"PYTHONPATH has packages of another Python: {', '.join(strange)}"
    return [warn("PYTHONPATH", what, f"unset PYTHONPATH, or use the Python it is for instead of {own}")]
