"""Who says what, when several learn together."""

import logging

import pytest

from surefoot_training.nets.cenet import CollapseWatch, ContextHealth
from surefoot_training.run.team import hushed

DEAD = ContextHealth(size=0.0, active_share=0.0, use=0.0)


def watch_it_die():
    watch = CollapseWatch()
    for _ in range(20):
        watch.note(DEAD)


@pytest.mark.parametrize(("follows", "times"), [(False, 1), (True, 0)])
def test_only_the_leader_says_what_is_alike_everywhere(caplog, follows, times):
    if follows:
        with hushed():
            watch_it_die()
    else:
        watch_it_die()
    assert caplog.text.count("posterior collapse") == times


def test_what_happens_to_a_followers_own_robots_is_heard(caplog):
    with hushed():
        logging.getLogger("surefoot_training.sim.mujoco_batch").warning("robot 3 blew up")
        logging.getLogger("surefoot_training.train").error("stopped")
    assert [record.getMessage() for record in caplog.records] == ["robot 3 blew up", "stopped"]


def test_afterwards_everything_is_heard(caplog):
    with hushed():
        pass
    watch_it_die()
    assert "posterior collapse" in caplog.text
