"""The nodes as processes, below `surefoot up`, over real ROS."""

import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from real_processes import LONGEST_S, is_running, wait_for
from ros_client import Client

from surefoot_control.clock import NS_PER_S
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.channels import TARGET, read_channel
from surefoot_safety.channel.records import TargetRecord
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode, Request
from surefoot_safety.state import gravity_in_base

POLICY = "go2-velocity-flat"
NAMES = list(load_robot("go2").joint_names)


@pytest.fixture(scope="module")
def client(ros):
    made = Client()
    yield made
    made.close()


@pytest.fixture(scope="module")
def stack(start, client):
    """A robot that is made up, with both nodes; the tests of this module share it."""
    made = start("--driver", "pretend", "--policy", POLICY).released()
    client.heard("/surefoot/joint_target")
    return made


def target_of(stack):
    reader = read_channel(stack.folder, TARGET, TargetRecord)
    found = reader.read(time.monotonic())
    reader.close()
    return found and found.record


def pids(stack, name):
    """Processes of a node of this stack."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if f"surefoot_control.{name}_node" in words and str(stack.root / "run") in words:
            found.append(int(entry.name))
    return found


def test_samples_are_published_by_name_with_one_stamp(stack, client):
    joints, imu = client.heard("/joint_states"), client.heard("/imu/data")
    assert list(joints.name) == NAMES
    assert len(joints.position) == len(joints.velocity) == len(joints.effort) == 12
    assert imu.header.frame_id == "imu_link"
    turned = imu.orientation
    assert gravity_in_base((turned.w, turned.x, turned.y, turned.z))[2] == pytest.approx(-1.0, abs=0.1)
    now_ns = client.node.get_clock().now().nanoseconds
    age_s = (now_ns - joints.header.stamp.sec * NS_PER_S - joints.header.stamp.nanosec) / NS_PER_S
    assert -1.0 < age_s < 10.0  # on the clock of everybody else


def test_targets_answer_a_sample_and_reach_the_supervisor_with_the_contracts_gains(stack, client):
    answer = client.heard("/surefoot/joint_target")
    assert list(answer.name) == NAMES
    assert all(map(math.isfinite, answer.position))
    record = wait_for(lambda: (found := target_of(stack)) and found.has_command and found, "targets in the channel")
    assert record.kp_nm_per_rad == (25.0,) * 12
    assert record.kd_nms_per_rad == (0.5,) * 12
    assert client.heard("/surefoot/velocity_estimate").header.frame_id == "base_link"


def test_services_move_the_robot_and_refusals_say_why(stack, client):
    refused = client.ask("walk")
    assert not refused.success
    assert "refused in off" in refused.message
    stack.to(Mode.STANDING)
    client.until(lambda: client.newest["/surefoot/mode"].data == "standing", "the mode on ROS")
    stopped = client.ask("stop")
    assert stopped.success
    client.until(lambda: client.newest["/surefoot/mode"].data == "stopped", "the stop on ROS")
    assert "operator_stop" in client.until(lambda: (client.part("supervisor") or {}).get("latched"), "the cause")
    assert client.ask("reset").success


def test_what_is_malformed_is_dropped_counted_and_crashes_nothing(stack, client):
    node = pids(stack, "robot")
    wrong = [
        {"name": NAMES, "position": [0.0] * 11},
        {"name": NAMES[:3], "position": [0.0] * 3},
        {"name": [*NAMES[:-1], "tail"], "position": [0.0] * 12},
        {"name": NAMES, "position": [math.nan] * 12},
        {},
    ]
    message = type(client.heard("/joint_states"))
    before = client.dropped("joint_target")

    def send():
        for fields in wrong:
            client.targets.publish(message(**fields))

    client.until(lambda: client.dropped("joint_target") >= before + 5, "five dropped targets", send)
    twist = client.velocities.msg_type()
    twist.linear.x = math.nan
    client.until(lambda: client.dropped("cmd_vel"), "a dropped velocity", lambda: client.velocities.publish(twist))
    assert pids(stack, "robot") == node


def test_a_velocity_reaches_the_supervisor(stack, client):
    twist = client.velocities.msg_type()
    twist.linear.x, twist.angular.z = 0.4, -0.2
    found = client.until(
        lambda: (found := target_of(stack)) and found.has_velocity and found,
        "the velocity",
        lambda: client.velocities.publish(twist),
    )
    assert found.velocity == (0.4, 0.0, -0.2)


def test_an_estop_endpoint_may_be_on_ros(stack, client):
    """One that is not configured is not answered, but may stop."""
    press = client.check_ins.msg_type(data=EstopEndpoint("button", b"no key").check_in(EstopLevel.SETTLE_THEN_DAMP))
    client.until(
        lambda: "button" in ((client.part("supervisor") or {}).get("estop_reasons") or ""),
        "the stop",
        lambda: client.check_ins.publish(press),
    )
    client.check_ins.publish(client.check_ins.msg_type(data=b"x"))

    def released():  # messages that are still on their way stop it again
        stack.operator.ask(Request.RESET)
        status = stack.view().status
        return status and not status.record.estop_reasons

    wait_for(released, "a reset")


@pytest.mark.parametrize("name", ["robot", "policy"])
def test_a_node_that_is_killed_is_started_again_and_targets_go_on(stack, name):
    (old,) = pids(stack, name)
    before = target_of(stack).command_sequence
    os.kill(old, signal.SIGKILL)
    wait_for(lambda: not is_running(old) and (found := pids(stack, name)) and found != [old], f"another {name}")
    wait_for(lambda: (found := target_of(stack)) and found.command_sequence > before + 20, "targets again")
    assert f"{name} ended by SIGKILL" in stack.said
    assert stack.process.poll() is None


def test_a_wrong_order_of_lifecycle_is_harmless(stack, client):
    """Deactivated it is silent and the supervisor notices; activated it goes on."""
    from lifecycle_msgs.msg import State, Transition
    from lifecycle_msgs.srv import ChangeState, GetState

    change = client.node.create_client(ChangeState, "/surefoot/policy/change_state")
    state = client.node.create_client(GetState, "/surefoot/policy/get_state")

    def go(transition, goal):
        """Asked until it is so: a node that was killed counts as there for a while, and never answers."""
        client.repeat(state, GetState.Request(), lambda answer: answer.current_state.id == goal, f"state {goal}",
                      lambda: change.call_async(ChangeState.Request(transition=Transition(id=transition))))  # fmt: skip

    node = pids(stack, "policy")
    go(Transition.TRANSITION_DEACTIVATE, State.PRIMARY_STATE_INACTIVE)
    client.until(lambda: stack.view().status.record.target_age_s > 0.5, "silence")
    go(Transition.TRANSITION_CLEANUP, State.PRIMARY_STATE_UNCONFIGURED)
    go(Transition.TRANSITION_CONFIGURE, State.PRIMARY_STATE_INACTIVE)
    go(Transition.TRANSITION_ACTIVATE, State.PRIMARY_STATE_ACTIVE)
    client.until(lambda: stack.view().status.record.target_age_s < 0.5, "targets")
    assert pids(stack, "policy") == node  # the same that was there before
    assert stack.process.poll() is None


def test_ctrl_c_ends_them_all(stack):
    nodes = pids(stack, "robot") + pids(stack, "policy")
    stack.process.send_signal(signal.SIGINT)
    assert stack.ended() == 0
    assert not any(map(is_running, nodes))
    assert "robot ended with status 0" in stack.said
    assert "policy ended with status 0" in stack.said
    assert not stack.folder.exists()


def test_a_wrong_policy_is_refused_before_anything_is_started(tmp_path):
    file = tmp_path / "policy.onnx"
    file.write_bytes(b"PK\x03\x04")
    words = ["up", "--sim", "--policy", str(file), "--run-dir", str(tmp_path / "run")]
    ended = subprocess.run(
        [sys.executable, "-m", "surefoot", *words], capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: policy.onnx: file: found a ZIP archive")
    assert not (tmp_path / "run").exists()
