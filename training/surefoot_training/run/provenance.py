"""Where a run comes from: revision of the code, versions, time; an entry per session, the first and all resumptions."""

from __future__ import annotations

import logging
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from surefoot_robots.whole_file import write_text
from surefoot_robots.yamlfile import read_mapping
from surefoot_training.run.config import RunConfig, to_yaml
from surefoot_training.run.values import Plain

_PACKAGES = ("surefoot", "torch", "mujoco", "numpy")
_DECIDES_THE_BITS = ("git_revision", "system", "packages")
_GIT_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


def record_session(file: Path, config: RunConfig, *, iteration: int, now: datetime) -> None:
    """Add an entry to `file`, which is made if it is not there; warn if code or versions differ from the last one's."""
    sessions = read_mapping(file)["sessions"] if file.exists() else []
    session = describe_session(config, iteration=iteration, now=now)
    for name in _DECIDES_THE_BITS if sessions else ():
        if sessions[-1].get(name) != session[name]:
            _log.warning("%s was %s, is %s: it may learn otherwise", name, sessions[-1].get(name), session[name])
    write_text(file, to_yaml({"sessions": [*sessions, session]}))


def describe_session(config: RunConfig, *, iteration: int, now: datetime) -> dict[str, Plain]:
    """What made this session, and the budget it was given."""
    return {
        "started": now.astimezone(UTC).isoformat(timespec="seconds"),
        "from_iteration": iteration,
        "minutes": config.minutes,
        "steps": config.steps,
        "config_sha256": config.sha256,
        **git_state(Path(__file__).parent),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def git_state(folder: Path) -> dict[str, Plain]:
    """Revision that `folder` is of, and whether files differ from it; nulls where it is not under version control."""
    # An installed package may lie inside a repository that is not its own.
    if _git(folder, "ls-files", "--error-unmatch", ".") is None:
        return {"git_revision": None, "git_dirty": None}
    changes = _git(folder, "status", "--porcelain")
    return {"git_revision": _git(folder, "rev-parse", "HEAD"), "git_dirty": None if changes is None else bool(changes)}


def _git(folder: Path, *words: str) -> str | None:
    try:
        ended = subprocess.run(
            ["git", *words], cwd=folder, capture_output=True, text=True, check=False, timeout=_GIT_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):  # not installed, or on a very slow disk
        return None
    return ended.stdout.strip() if ended.returncode == 0 else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
