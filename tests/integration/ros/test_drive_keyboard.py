"""`surefoot drive` at a terminal that goes away without a word, as over a network that broke."""

import os
import pty
import subprocess
import sys

from real_processes import LONGEST_S, wait_for


def test_who_lost_the_keyboard_says_no_velocities_any_more(tmp_path):
    keyboard, terminal = pty.openpty()
    with (tmp_path / "log").open("w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "surefoot", "drive"],
            stdin=terminal,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        os.close(terminal)
        try:
            wait_for((tmp_path / "log").read_text, "what keys there are")
            os.close(keyboard)
            assert process.wait(LONGEST_S) == 2
        finally:
            process.kill()
            process.wait()
    assert "the terminal was closed: no velocities come from here any more" in (tmp_path / "log").read_text()
