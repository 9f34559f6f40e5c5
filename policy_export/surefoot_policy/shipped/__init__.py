"""The policies that come with Surefoot.

A folder each: the file for the robot, the networks to train on with, and how they were made and judged.
"""

from __future__ import annotations

from pathlib import Path

from surefoot_robots.errors import SurefootError

FILE, NETWORKS = "policy.onnx", "networks.pt"

_FOLDER = Path(__file__).parent


def shipped_names() -> tuple[str, ...]:
    """Of all of them."""
    return tuple(sorted(file.parent.name for file in _FOLDER.glob(f"*/{FILE}")))


def policy_file(what: Path) -> Path:
    """The file of the policy that a person calls `what`: its path, or the name of a shipped one."""
    return _found(what, FILE)


def networks_file(what: Path) -> Path:
    """A run folder or checkpoint as it is; of a shipped policy, the checkpoint with its networks."""
    return _found(what, NETWORKS)


def is_shipped(name: str) -> bool:
    """Whether there is one of that name."""
    return name in shipped_names()


def _found(what: Path, kind: str) -> Path:
    if what.exists() or len(what.parts) != 1 or what.suffix:
        return what  # whoever reads it says what is wrong with it
    if not is_shipped(what.name):
        raise SurefootError(
            f"there is no file {str(what)!r}, and no policy of that name",
            hint="give the path of a policy, or one of those that come with surefoot: " + ", ".join(shipped_names()),
        )
    return _FOLDER / what / kind
