"""Link and supervisor as processes: operated, killed, stopped, started twice."""

import os
import signal
import subprocess

import pytest
from real_processes import is_running, wait_for

from surefoot_robots.errors import SurefootError
from surefoot_safety.command import CommandKind
from surefoot_safety.mode import Mode, Request
from surefoot_safety.table import Trigger


def gone(stack, processes):
    wait_for(lambda: not any(is_running(process) for process in processes.values()), f"the end of {processes}")
    assert not stack.folder.exists()


def latched(stack, trigger):
    status = stack.view().status
    from surefoot_safety.channel.records import triggers_of

    return status is not None and trigger in triggers_of(status.record.latched)


def test_it_stands_and_ctrl_c_brings_it_to_rest_before_the_end(start):
    stack = start("--driver", "pretend").to(Mode.STANDING)
    processes = stack.processes()
    stack.process.send_signal(signal.SIGINT)
    assert stack.ended() == 0
    assert "standing → settling" in stack.said
    assert "settling → stopped" in stack.said
    gone(stack, processes)


def test_ctrl_c_twice_is_at_once(start):
    stack = start("--driver", "pretend").to(Mode.STANDING)
    processes = stack.processes()
    stack.process.send_signal(signal.SIGINT)
    wait_for(lambda: "bringing the robot to rest" in stack.said, "the farewell")
    stack.process.send_signal(signal.SIGINT)
    assert stack.ended() == 0
    gone(stack, processes)


def test_a_second_one_is_refused_and_the_first_goes_on(start):
    stack = start("--driver", "pretend").released()
    from surefoot_safety.process.runner import Runner

    with pytest.raises(SurefootError, match=rf"go2 is running already \(process {stack.process.pid}\)"):
        Runner((), stack.folder)
    assert stack.mode() is Mode.OFF


def test_a_supervisor_that_is_killed_leaves_a_damped_robot_and_is_started_again(start):
    stack = start("--driver", "pretend").to(Mode.STANDING)
    old = stack.processes()["supervisor"]
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: (link := stack.view().link) and link.record.note, "the link to damp")
    wait_for(lambda: (loop := stack.view().supervisor) and loop.record.process != old, "another supervisor")
    assert "supervisor ended by SIGKILL" in stack.said
    wait_for(lambda: stack.mode() is Mode.STOPPED, "a supervisor that begins stopped")
    assert "is refused in stopped" in stack.operator.ask(Request.ARM).refusal
    wait_for(lambda: stack.operator.ask(Request.RESET).mode is Mode.OFF, "a reset: once `up` has checked in")
    stack.to(Mode.STANDING)


def test_a_supervisor_that_hangs_is_overruled_by_the_link_and_stops_when_it_goes_on(start):
    stack = start("--driver", "pretend").to(Mode.STANDING)
    supervisor = stack.processes()["supervisor"]
    os.kill(supervisor, signal.SIGSTOP)
    wait_for(lambda: (link := stack.view().link) and "s old" in link.record.note, "the link to damp")
    with pytest.raises(SurefootError, match="does not answer") as caught:
        stack.operator.ask(Request.STOP)
    assert "the link runs: the newest command is" in caught.value.hint
    os.kill(supervisor, signal.SIGCONT)
    wait_for(lambda: stack.mode() is Mode.STOPPED, "a stop")
    assert latched(stack, Trigger.TICK_LATE)


def test_a_link_that_is_killed_stops_the_robot_until_a_reset(start):
    stack = start("--driver", "pretend").to(Mode.STANDING)
    old = stack.processes()["link"]
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: stack.mode() is Mode.STOPPED, "a stop")
    wait_for(lambda: (loop := stack.view().link) and loop.record.process != old, "another link")
    wait_for(lambda: latched(stack, Trigger.STATE_STALE) or latched(stack, Trigger.STATE_BAD), "what stopped it")
    assert stack.view().status.record.command is CommandKind.DAMP
    stack.to(Mode.STANDING)


def test_when_the_runner_is_killed_the_robot_settles_and_nothing_is_left(start):
    stack = start("--driver", "pretend").to(Mode.STANDING)
    processes = stack.processes()
    log = (stack.folder / "supervisor.log").open()
    stack.process.kill()
    gone(stack, processes)
    said = log.read()
    log.close()
    assert "standing → settling" in said
    assert "settling → stopped" in said


def test_leftovers_of_a_crash_are_cleaned_up(start):
    stack = start("--driver", "pretend").released()
    processes = stack.processes()
    stack.process.send_signal(signal.SIGSTOP)  # else it would start them again
    for process in (*processes.values(), stack.process.pid):
        os.kill(process, signal.SIGKILL)
    stack.process.wait()
    wait_for(lambda: not any(is_running(process) for process in processes.values()), "their end")
    assert (stack.folder / "state.channel").exists()
    from surefoot_safety.process.runner import Runner

    runner = Runner((), stack.folder)
    assert sorted(path.name for path in stack.folder.iterdir()) == ["lock"]
    runner.close()
    assert not stack.folder.exists()


def test_a_process_that_can_only_fail_ends_them_all(start):
    stack = start("--driver", "pretend", "--gaits", "nowhere:made")
    assert stack.ended() == 2
    assert "error: gaits 'nowhere:made' cannot be found" in stack.said
    assert "supervisor cannot be kept running" in stack.said
    assert not stack.folder.exists()


def test_a_hung_process_is_ended_all_the_same(start):
    stack = start("--driver", "pretend").to(Mode.DAMPED)
    processes = stack.processes()
    os.kill(processes["link"], signal.SIGSTOP)
    stack.process.send_signal(signal.SIGTERM)
    assert stack.ended() == 0
    gone(stack, processes)


def test_a_reader_of_its_output_that_goes_away_ends_nothing(start):
    stack = start("--driver", "pretend", output=subprocess.PIPE).released()
    stack.process.stdout.close()
    stack.to(Mode.STANDING)  # which would have been told
    processes = stack.processes()
    stack.process.send_signal(signal.SIGTERM)
    assert stack.ended() == 0
    gone(stack, processes)
