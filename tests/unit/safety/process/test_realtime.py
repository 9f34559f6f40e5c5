import os

import pytest

from surefoot_safety.process import realtime


@pytest.fixture
def kernel(monkeypatch):
    """What would be asked of the kernel is noted; `refused` names what it does not permit."""
    asked, refused = [], set()

    def note(name):
        def ask(*arguments):
            asked.append((name, *arguments))
            if name in refused:
                raise PermissionError(1, "Operation not permitted")

        return ask

    monkeypatch.setattr(realtime, "freeze_garbage", lambda: "no garbage collection")
    monkeypatch.setattr(realtime, "_call", lambda name, *numbers: note(name)(*numbers))
    monkeypatch.setattr(os, "sched_setscheduler", note("scheduler"))
    monkeypatch.setattr(os, "sched_setaffinity", note("affinity"))
    return asked, refused


def test_nothing_is_asked_for_with_priority_0(kernel):
    asked, _ = kernel
    said = realtime.prepare(0)
    assert [name for name, *_ in asked] == ["prctl"]
    assert said.endswith("neither SCHED_FIFO nor locked memory: not asked for")


def test_everything_is_asked_for_and_said(kernel):
    asked, _ = kernel
    said = realtime.prepare(50, (1, 0))
    assert [name for name, *_ in asked] == ["prctl", "affinity", "scheduler", "mlockall"]
    assert said == "no garbage collection; timer slack of 1 ns; core 0, 1; SCHED_FIFO 50; memory locked"


def test_what_is_not_permitted_is_said(kernel):
    _, refused = kernel
    refused |= {"scheduler", "mlockall"}
    said = realtime.prepare(50)
    assert "no SCHED_FIFO 50: Operation not permitted; no memory locked: Operation not permitted" in said
