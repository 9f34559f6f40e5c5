import os
import signal

import pytest

from surefoot_training.run.interrupt import caught


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_noted_and_nothing_else_happens(number):
    before = signal.getsignal(number)
    with caught(once_only=False) as interrupt:
        assert interrupt.signal is None
        os.kill(os.getpid(), number)
        assert interrupt.signal == number
    assert signal.getsignal(number) is before


def test_ctrl_c_twice_is_meant_at_once():
    with caught(once_only=False):
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


def test_what_torchrun_repeats_is_not_twice():
    with caught(once_only=True) as interrupt:
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGINT)
        assert interrupt.signal == signal.SIGINT
