import json
import math
from dataclasses import replace

import pytest
from sensed_robot import LYING, STATE, sensed

from surefoot.output import to_json
from surefoot.sensing import Pace, Sensed, Sensing
from surefoot.sensor_text import JOINT_NAMES, sensor_json, sensor_lines
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import available_robots, load_robot
from surefoot_safety.channel.channels import COMMAND, LINK, channel_path, write_channel
from surefoot_safety.channel.channels import STATE as STATE_CHANNEL
from surefoot_safety.channel.records import (
    BATTERY,
    CONTACT,
    CURRENT,
    HEIGHT,
    NOTHING,
    TEMPERATURE,
    CommandRecord,
    LoopRecord,
    StateRecord,
)
from surefoot_safety.command import CommandKind
from surefoot_safety.process.histogram import CLASSES

TRACK = CommandRecord("", 1, 1.0, CommandKind.TRACK, (0.1,) * 12, NOTHING, NOTHING, (60.0,) * 12, (2.5,) * 12, 1.0)
LOOP = LoopRecord(77, 1000.0, 500, 3, 1, 2000.0, (0,) * CLASSES, 0.0, (0,) * CLASSES, 1.5, "", "no command has come")
ALL = CONTACT | HEIGHT | TEMPERATURE | CURRENT | BATTERY


def line_with(lines, word):
    (found,) = [line for line in lines if word in line]
    return found


@pytest.mark.parametrize("robot", available_robots())
def test_joints_have_the_names_of_every_robot(robot):
    assert load_robot(robot).joint_names == JOINT_NAMES


def test_each_joint_is_shown_by_its_name_in_rad_and_degrees():
    position = list(LYING)
    position[4] = math.pi / 6
    lines = sensor_lines(
        sensed(joint_position_rad=tuple(position), joint_torque_nm=(0.0,) * 4 + (-3.25,) + (0.0,) * 7), "go2"
    )
    assert line_with(lines, "FR_thigh_joint").split() == [
        *("FR_thigh_joint", "+0.524", "+30.0", "–", "+0.00", "-3.25", "–", "–", "–")
    ]
    assert line_with(lines, "FL_calf_joint").split()[1:3] == ["-2.650", "-151.8"]
    assert max(map(len, lines)) <= 80


def test_gains_and_temperatures_stand_beside_their_joint():
    warm = sensed(command=TRACK, reported=TEMPERATURE, motor_temperature_c=tuple(30.0 + joint for joint in range(12)))
    lines = sensor_lines(warm, "go2")
    assert "motors told: track" in lines[0]
    assert line_with(lines, "RR_calf_joint").split()[-3:] == ["60", "2.5", "41"]


def test_the_joint_that_moved_most_is_named_with_its_sign():
    moved = [0.0] * 12
    moved[8], moved[3] = -0.5, 0.4
    lines = sensor_lines(sensed(moved_rad=tuple(moved)), "go2")
    assert lines[-1] == "moved most: RL_calf_joint, which has shrunk by 0.500 rad = 28.6°"
    assert line_with(lines[:-1], "RL_calf_joint").split()[3] == "-28.6"
    moved[3] = 0.6
    assert "FR_hip_joint, which has grown by" in sensor_lines(sensed(moved_rad=tuple(moved)), "go2")[-1]
    assert "nothing yet" in sensor_lines(sensed(moved_rad=(0.01,) * 12), "go2")[-1]


def test_what_is_not_reported_is_not_made_up():
    assert not [line for line in sensor_lines(sensed(), "go2") if "feet" in line or "battery" in line]
    told = sensor_json(sensed())
    for key in ("foot_contact", "base_height_m", "battery_voltage_v", "motors"):
        assert told[key] is None
    assert {joint["temperature_c"] for joint in told["joints"]} == {None}
    assert {joint["kp_nm_per_rad"] for joint in told["joints"]} == {None}


def test_what_is_reported_is_shown():
    full = sensed(
        reported=ALL,
        foot_contact=(True, False, False, True),
        base_height_m=0.1,
        battery_voltage_v=29.14,
        motor_current_a=(1.5,) * 12,
        faults="motor 3 is hot; IMU is cold",
    )
    lines = sensor_lines(full, "go2")
    assert "feet on the ground: FL, RR; trunk 0.100 m high; battery 29.1 V; faults: motor 3 is hot" in line_with(
        lines, "feet"
    )
    told = sensor_json(full)
    assert told["foot_contact"] == {"FL": True, "FR": False, "RL": False, "RR": True}
    assert told["joints"][0]["current_a"] == 1.5
    assert told["faults"] == ["motor 3 is hot", "IMU is cold"]


def test_json_is_si_by_name():
    told = json.loads(json.dumps(to_json(sensor_json(sensed(command=TRACK, moved_rad=(0.2,) * 12)))))
    assert told["joints"][2] == {
        "name": "FL_calf_joint",
        "position_rad": -2.65,
        "moved_rad": 0.2,
        "velocity_radps": 0.0,
        "torque_nm": 0.0,
        "target_rad": 0.1,
        "kp_nm_per_rad": 60.0,
        "kd_nms_per_rad": 2.5,
        "temperature_c": None,
        "current_a": None,
    }
    assert told["imu"]["gravity_in_base"] == [0.0, 0.0, -1.0]
    assert (told["rate_hz"], told["motors"]) == (500.0, "track")


def test_targets_of_a_stop_are_none():
    stopped = replace(TRACK, kind=CommandKind.DAMP)
    assert sensor_json(sensed(command=stopped))["joints"][0]["target_rad"] is None


def test_what_the_link_does_instead_is_said():
    assert sensor_lines(sensed(link_note="no command has come"), "go2")[1] == "link: no command has come"


def test_without_a_sample_that_is_all():
    nothing = Sensed(None, math.inf, None, None, "", None)
    assert sensor_lines(nothing, "go2") == ["go2: no samples: the link is not running, or its driver has none yet"]
    assert sensor_json(nothing) is None


def test_pace():
    pace = Pace()
    assert pace.hz(100, 10.0) is None
    assert pace.hz(100, 10.0) is None
    assert pace.hz(150, 10.5) == 100.0
    assert pace.hz(350, 12.5) == pytest.approx(100.0)
    assert pace.hz(350, 20.0) == 0.0  # what was two seconds ago is forgotten
    assert pace.hz(5, 21.0) is None  # another link
    assert pace.hz(15, 21.5) == 20.0


class Clock:
    def __init__(self, monkeypatch):
        self.now_s = 1.0
        monkeypatch.setattr("time.monotonic", lambda: self.now_s)


def test_looks(tmp_path, monkeypatch):
    """Through real channels: the first look is what later ones are compared with, and what is old is not shown."""
    clock = Clock(monkeypatch)
    with Sensing(tmp_path) as sensing:
        assert sensing.look() == Sensed(None, math.inf, None, None, "", None)
        states = write_channel(tmp_path, STATE_CHANNEL, StateRecord)
        commands = write_channel(tmp_path, COMMAND, CommandRecord)
        links = write_channel(tmp_path, LINK, LoopRecord)
        states.write(STATE, 1.0)
        commands.write(TRACK, 1.0)
        links.write(LOOP, 1.0)
        clock.now_s = 1.25
        assert sensing.look() == Sensed(STATE, 0.25, None, TRACK, "no command has come", None)
        bent = replace(STATE, sequence=107, stamp_s=1.5, joint_position_rad=(0.5, *LYING[1:]))
        states.write(bent, 1.5)
        clock.now_s = 1.5
        seen = sensing.look()
        assert (seen.state, seen.rate_hz, seen.moved_rad) == (bent, 200.0, (0.5, *(0.0,) * 11))
        clock.now_s = 1.75
        assert sensing.look().command is None
        clock.now_s = 3.0
        assert sensing.look().state is None
        for writer in (states, commands, links):
            writer.close()


def test_a_channel_of_another_version_is_refused(tmp_path):
    other = write_channel(tmp_path, STATE_CHANNEL, LoopRecord)
    with Sensing(tmp_path) as sensing, pytest.raises(SurefootError, match="version"):
        sensing.look()
    other.close()
    assert not channel_path(tmp_path, STATE_CHANNEL).exists()
