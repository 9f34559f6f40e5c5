"""What a gait raises if it cannot go on; the supervisor then damps the robot."""

from __future__ import annotations

from surefoot_robots.errors import SurefootError


class GaitError(SurefootError):
    """A gait has no target to give."""
