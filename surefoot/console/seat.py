"""Who has the controls, whether that page is still there, and what it holds: the dead-man. Time is given.

The server shows every page a number that nobody can guess, many times a second, and the page answers with the number it
saw last and with what is held. An answer counts by when its number was *shown*: what was held back on its way, or comes
from a page that hangs, keeps nothing alive and moves nothing. Only one page has the controls; the others watch, and may
stop the robot.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable

from surefoot.console.messages import Shares

FRESH_S = 0.3
"""Six numbers; of the velocities that follow, five more may be lost before one is stale (go2.yaml: 0.25 s)."""
LET_GO_S = 1.0
"""After a longer silence a key that is still held must be let go of before it counts again."""
NOTHING: Shares = (0.0, 0.0, 0.0)


class Seat:
    """The one place from which the robot is driven."""

    def __init__(self, draw: Callable[[], str] = lambda: secrets.token_hex(8)) -> None:
        self._draw = draw
        self._shown_s: dict[str, float] = {}
        self._heard_s = -math.inf
        self._hold = NOTHING
        self._let_go = False
        """Whether nothing was held once since the page took the controls, was silent for long or stopped the robot: a
        key that was down by then does not count."""
        self.page: int | None = None
        """Whose it is."""

    def show(self, now_s: float) -> str:
        """A new number for the pages to answer."""
        self._shown_s = {number: shown_s for number, shown_s in self._shown_s.items() if now_s - shown_s <= FRESH_S}
        number = self._draw()
        self._shown_s[number] = now_s
        return number

    def take(self, page: int) -> None:
        """This page has the controls now; whoever had them watches."""
        self.page, self._heard_s, self._hold, self._let_go = page, -math.inf, NOTHING, False

    def leave(self, page: int) -> None:
        """A page is gone; if it had the controls nobody has."""
        if page == self.page:
            self.page, self._heard_s, self._hold = None, -math.inf, NOTHING

    def beat(self, page: int, answer: str, hold: Shares, now_s: float) -> bool:
        """A page's answer; False if it does not count."""
        shown_s = self._shown_s.get(answer, -math.inf)
        if page != self.page or not 0.0 <= now_s - shown_s <= FRESH_S or shown_s < self._heard_s:
            return False
        if now_s - self._heard_s > LET_GO_S:
            self._let_go = False
        self._heard_s = shown_s
        self._let_go = self._let_go or hold == NOTHING
        self._hold = hold if self._let_go else NOTHING
        return True

    def drop(self) -> None:
        """What is held counts for nothing until it is let go of."""
        self._hold, self._let_go = NOTHING, False

    def is_alive(self, now_s: float) -> bool:
        """Whether the page that has the controls was there a moment ago."""
        return self.page is not None and 0.0 <= now_s - self._heard_s <= FRESH_S

    def held(self, now_s: float) -> Shares:
        """What is held now."""
        return self._hold if self.is_alive(now_s) else NOTHING
