"""The whole of it: a simulated robot walks by a policy over ROS, and is recorded."""

import subprocess
import sys
import time

import numpy as np
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from real_processes import wait_for

from surefoot.report.walk_log import read_walk
from surefoot_safety.channel.channels import read_channel
from surefoot_safety.mode import Mode, Request

FAR_M = 1.0
ONE_SECOND_BYTES = 10_000


@pytest.fixture
def driving():
    """Somebody who drives ahead, for as long as the test takes."""
    words = ["drive", "--velocity", "0.5", "0", "0", "--seconds", "600"]
    process = subprocess.Popen([sys.executable, "-m", "surefoot", *words])
    yield process
    process.kill()
    process.wait()


def test_it_walks_by_a_policy_over_ros_and_is_recorded(start, driving, tmp_path):
    from surefoot_training.simulated.driver import TruthRecord

    file = tmp_path / "walk.mcap"
    stack = start("--sim", "--policy", "go2-velocity-flat", "--record", str(file))
    truth = read_channel(stack.folder, "truth", TruthRecord)

    def place():
        found = truth.read(time.monotonic())
        return found and found.record

    def walked():
        if stack.mode() is Mode.STANDING:
            stack.operator.ask(Request.WALK)
        elif stack.mode() is not Mode.WALKING:
            stack.to(Mode.STANDING)  # what a busy machine breaks is begun anew
        return (found := place()) and stack.mode() is Mode.WALKING and found.qpos[0] > FAR_M

    wait_for(lambda: file.exists() and file.stat().st_size > ONE_SECOND_BYTES, f"the recorder: {stack.said}")
    wait_for(walked, f"{FAR_M} m: {stack.said}")
    assert place().qpos[2] > 0.2  # on its feet
    truth.close()
    stack.process.terminate()
    assert stack.ended() == 0
    with file.open("rb") as recorded:
        summary = make_reader(recorded).get_summary()
        counts = {
            channel.topic: summary.statistics.channel_message_counts[number]
            for number, channel in summary.channels.items()
        }
        reader = make_reader(recorded, decoder_factories=[DecoderFactory()])
        reports = [decoded for *_, decoded in reader.iter_decoded_messages(topics=["/surefoot/status"])]
    modes = {pair.value for report in reports for part in report.status for pair in part.values if pair.key == "mode"}
    assert "walking" in modes
    for topic in ("/joint_states", "/imu/data", "/cmd_vel", "/surefoot/joint_target", "/surefoot/status"):
        assert counts[topic] > 10
    log = read_walk(file)
    assert log.missing == ()
    assert log.walking(log.believed.time_s).any()
    assert 0.0 < np.median(log.answer_ms) < 1000.0
