import os
import shutil

from surefoot.commands.status import CLEAR_LINE, CLEAR_REST, HOME, _in_place


def test_what_was_shown_before_is_written_over(monkeypatch):
    """A line that wraps would shift the others, and a shorter one would leave an end of the longer one before it."""
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((5, 24)))
    assert _in_place(["1234567", "12"]) == f"{HOME}12345{CLEAR_LINE}\n12{CLEAR_LINE}\n{CLEAR_REST}"
