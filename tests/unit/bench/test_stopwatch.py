from __future__ import annotations

import pytest

from surefoot_training.bench import stopwatch
from surefoot_training.bench.stopwatch import Stopwatch


class Work:
    """Takes the time that a clock in its hands says."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def inner(self) -> str:
        self.now_s += 2.0
        return "done"

    def outer(self) -> str:
        self.now_s += 1.0
        answer = self.inner()
        self.now_s += 4.0
        return answer

    def fails(self) -> None:
        self.now_s += 8.0
        raise ValueError("no")


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    work = Work()
    monkeypatch.setattr(stopwatch.time, "perf_counter", lambda: work.now_s)
    return work


def test_time_inside_another_timed_call_counts_once(work: Work) -> None:
    watch = Stopwatch()
    with watch.timing({(work, "outer"): "outer", (work, "inner"): "inner"}):
        assert work.outer() == "done"
        work.inner()
    assert watch.seconds == {"outer": 5.0, "inner": 4.0}


def test_afterwards_nothing_is_timed(work: Work) -> None:
    watch = Stopwatch()
    with watch.timing({(work, "inner"): "inner"}):
        pass
    work.inner()
    assert watch.seconds == {}


def test_calls_that_fail_are_timed_and_still_fail(work: Work) -> None:
    watch = Stopwatch()
    with watch.timing({(work, "fails"): "fails"}), pytest.raises(ValueError, match="no"):
        work.fails()
    assert watch.seconds == {"fails": 8.0}
    work.inner()
    assert watch.seconds == {"fails": 8.0}
