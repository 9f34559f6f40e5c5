"""What is heard becomes a log, or is refused: records are those of the channels."""

from dataclasses import replace

import numpy as np
import pytest
from safe_robot import command, pose
from sensed_robot import STATE

from surefoot.identifying.heard import COMMANDS, Heard, Losses
from surefoot_calibration.log.gains import parse_gains
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.records import command_record
from surefoot_safety.command import CommandKind

GO2 = load_robot("go2")
GAINS = parse_gains("25,0.5", GO2.joint_names)
SENT = replace(
    command_record(command(), 1.0),
    kind=CommandKind.TRACK,
    kp_nm_per_rad=(25.0,) * 12,
    kd_nms_per_rad=(0.5,) * 12,
    velocity_radps=(0.0,) * 12,
    torque_nm=(0.0,) * 12,
)


def heard(samples=30, *, lost=(), **sent):
    """Samples every 2 ms from 100 s on, commands every 5 ms, 1 ms later; each is looked at twice."""
    found = Heard()
    for number in range(samples):
        if number not in lost:
            angles = tuple(angle + 0.001 * number for angle in pose())
            record = replace(STATE, sequence=number, stamp_s=100.0 + 0.002 * number, joint_position_rad=angles)
            found.state(record)
            found.state(record)
    for number in range(samples // 2):
        bent = sent if number == 3 else {}
        received = Received(replace(SENT, sequence=number, **bent), 7 + number, 100.001 + 0.005 * number, 1)
        found.command(received)
        found.command(received)
    return found


def test_samples_and_commands_keep_their_times():
    found = heard()
    log = found.log(GO2, GAINS, "a.mcap", 1e9)
    assert (log.samples, log.start_s, log.gains) == (30, 1e9 + 100.0, GAINS)
    np.testing.assert_allclose(log.stamp_s, 0.002 * np.arange(30), atol=1e-9)
    np.testing.assert_allclose(log.target_stamp_s, 0.001 + 0.005 * np.arange(15), atol=1e-9)
    np.testing.assert_allclose(log.position_rad[4], np.array(pose()) + 0.004)
    np.testing.assert_array_equal(log.target_rad[0], SENT.position_rad)
    np.testing.assert_array_equal(log.imu.acceleration_in_base_mps2[0], STATE.acceleration_in_base_mps2)
    assert log.report.command_times == COMMANDS
    assert found.losses == Losses(0, 0)


def test_what_came_between_two_looks_is_counted():
    found = heard(lost=(4, 5, 20))
    assert found.losses == Losses(3, 0)
    assert found.log(GO2, GAINS, "a.mcap", 0.0).report.missing == 3
    assert Heard().losses == Losses(0, 0)


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"kind": CommandKind.DAMP}, "the supervisor stopped following the plan's targets"),
        ({"kp_nm_per_rad": (24.0,) * 12}, "softened the motors' gains"),
        ({"kd_nms_per_rad": (0.4,) * 12}, "softened the motors' gains"),
        ({"torque_nm": (0.1,) + (0.0,) * 11}, "softened the motors' gains"),
        ({"velocity_radps": (0.1,) + (0.0,) * 11}, "softened the motors' gains"),
    ],
)
def test_commands_that_no_model_of_the_log_has(sent, message):
    with pytest.raises(SurefootError, match=message):
        heard(**sent).log(GO2, GAINS, "a.mcap", 0.0)


def test_nothing():
    with pytest.raises(SurefootError, match="nothing was heard"):
        Heard().log(GO2, GAINS, "a.mcap", 0.0)
