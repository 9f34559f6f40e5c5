import os
import signal

import pytest

from surefoot.terminated import like_ctrl_c


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_what_was_begun_is_ended(number):
    before, ended = signal.getsignal(number), []

    def work():
        try:
            os.kill(os.getpid(), number)
            signal.sigtimedwait([], 10)  # the handler runs before this is over
        finally:
            ended.append(True)

    with pytest.raises(KeyboardInterrupt), like_ctrl_c():
        work()
    assert ended
    assert signal.getsignal(number) is before
