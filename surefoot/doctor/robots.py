"""What runs here, what a crashed run left behind, and whether the policies that come along still pass their tests."""

from __future__ import annotations

from pathlib import Path

from surefoot.doctor.finding import Finding, bad, good, note
from surefoot_robots.errors import SurefootError


def runs_found(root: Path) -> list[Finding]:
    """Robots of this user that run, and folders without anybody in them."""
    from surefoot_safety.channel.place import RunLock

    found = []
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        try:
            RunLock(folder).release()
        except SurefootError:
            found.append(note("runs", f"{folder.name} is running", f"surefoot status --robot {folder.name}"))
        else:
            found.append(note("runs", f"{folder}: left behind by a crash", "the next `surefoot up` clears it away"))
    return found or [good("runs", "no robot runs, nothing was left behind")]


def policies_found() -> list[Finding]:
    """Loading plays each policy's golden sequence: another onnxruntime may compute otherwise."""
    from surefoot_policy.runtime import Policy
    from surefoot_policy.shipped import policy_file, shipped_names
    from surefoot_robots.loader import load_robot

    found = []
    for name in shipped_names():
        try:
            Policy.load(policy_file(Path(name)), load_robot(name.split("-")[0]))
        except SurefootError as error:
            found.append(bad("policies", f"{name}: {error.message}", error.hint or f"surefoot verify {name}"))
    return found or [good("policies", f"{', '.join(shipped_names())} pass their own tests")]


def look() -> list[Finding]:
    """At runs and policies."""
    from surefoot_safety.channel.place import default_root

    return [*runs_found(default_root()), *policies_found()]
