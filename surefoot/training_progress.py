"""What a progress bar says while a bench trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surefoot.progress import Advance
    from surefoot_training.run.status import Status


def steps_reported(advance: Advance, done: int) -> Callable[[Status], None]:
    """For a training to call: steps beyond those `done` before, and how well commands are followed."""

    def report(status: Status) -> None:
        nonlocal done
        error = status.speed_error_mps
        advance(status.steps - done, "" if error is None else f"speed error {error:.3f} m/s")
        done = status.steps

    return report
