"""Walks out of recordings, and what the supervisor makes of them."""

import json
import math

import numpy as np
import pytest
from joint_logs import GO2, imu, joint_state
from recordings import SCHEMAS, velocity, write_recording

from surefoot.cli import main
from surefoot.recorded_walks import walks_in
from surefoot_robots.errors import SurefootError
from surefoot_robots.identity import robot_hash
from surefoot_robots.loader import load_robot

NS, MS, START_NS = 1_000_000_000, 1_000_000, 1_700_000_000_000_000_000
HZ, SECONDS = 100, 4.0
WALKS_S, STOPS_S = 1.0, 3.5
HOME = GO2.default_joint_position_rad
ANSWER_NS = 3 * MS


def messages(silent_from_s=math.inf, turned=(0.0, 0.0, 0.0), modes=((0.0, "standing"), (WALKS_S, "walking"))):
    """Standing, then walking from 1 to 3.5 s; a policy of 50 Hz, whose joints come in another order."""
    rng = np.random.default_rng(0)
    backwards = list(GO2.joint_names)[::-1]
    for tick in range(int(SECONDS * HZ)):
        at_s, time_ns = tick / HZ, START_NS + tick * NS // HZ
        # Messages are a millisecond on their way, now and then three.
        heard_ns = time_ns + (3 * MS if tick % 7 == 0 else MS)
        yield "/joint_states", heard_ns, joint_state(time_ns, GO2.joint_names, HOME, HOME * 0 + 0.01, HOME * 0 + 5.0)
        yield "/imu/data", heard_ns, imu(time_ns, rng.normal(0.0, 0.01, 3) + turned, (0.0, 0.0, 9.81))
        if tick % 2 == 0 and at_s < silent_from_s:
            wanted = HOME + 0.001 * (tick % 14)
            yield "/surefoot/joint_target", heard_ns + ANSWER_NS, joint_state(time_ns, backwards, wanted[::-1])
        if tick % 10 == 0:
            yield "/cmd_vel", heard_ns, velocity(0.3 if at_s < 2.0 else 0.6, 0.0, -0.1)
    for at_s, mode in (*modes, (STOPS_S, "settling")):
        yield "/surefoot/mode", START_NS + int(at_s * NS), {"data": mode}


def recorded(tmp_path, topics=SCHEMAS, **kind):
    return write_recording(tmp_path / "walk.mcap", messages(**kind), topics)


def replayed(capsys, *words):
    status = main(["safety", "replay", *map(str, words)])
    out, err = capsys.readouterr()
    return status, out, err


def test_a_walk_comes_out_as_the_supervisor_ticks(tmp_path):
    (name, log), *others = walks_in(recorded(tmp_path), GO2).items()
    assert (name, others) == ("walk.mcap from 1.0 s", [])
    assert (log.robot, log.robot_hash) == ("go2", robot_hash(GO2))
    assert np.diff(log.stamp_s) == pytest.approx(0.005)
    assert log.stamp_s[-1] - log.stamp_s[0] == pytest.approx(STOPS_S - WALKS_S - 0.005)
    assert log.joint_position_rad == pytest.approx(np.tile(HOME, (log.rows, 1)))
    assert log.joint_torque_nm[3] == pytest.approx(5.0)
    assert log.acceleration_in_base_mps2[0] == pytest.approx([0.0, 0.0, 9.81])
    assert log.orientation_wxyz[0] == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert log.kp_nm_per_rad == pytest.approx(GO2.kp_nm_per_rad)
    assert not log.is_fall


def test_each_tick_has_the_newest_of_everything(tmp_path):
    (log,) = walks_in(recorded(tmp_path), GO2).values()
    # Answers of 50 Hz, 4 ms after their samples by the usual way: that to the sample of 1.0 s came at 1.004 s.
    assert log.target_stamp_s[:6] == pytest.approx([-0.02, 0.0, 0.0, 0.0, 0.0, 0.02])
    first = HOME + 0.001 * (100 % 14)
    assert log.target_rad[1] == pytest.approx(first)
    # Each sample for two ticks.
    assert (log.angular_velocity_in_base_radps[0] == log.angular_velocity_in_base_radps[1]).all()
    assert (log.angular_velocity_in_base_radps[1] != log.angular_velocity_in_base_radps[2]).all()
    assert log.velocity_command[0].tolist() == [0.3, 0.0, -0.1]
    assert log.velocity_command[-1].tolist() == [0.6, 0.0, -0.1]


def test_a_good_walk_is_left_alone_and_a_silent_policy_is_not(tmp_path, capsys):
    status, out, _ = replayed(capsys, recorded(tmp_path), "--json")
    told = json.loads(out)
    assert (status, told["walks"], told["false_trips"], told["logs"][0]["triggers"]) == (0, 1, 0, [])
    status, out, _ = replayed(capsys, recorded(tmp_path, silent_from_s=2.0), "--json")
    (log,) = json.loads(out)["logs"]
    assert status == 1
    assert "policy_bad" in log["triggers"]  # its last answer grows too old first
    assert log["trip_at_s"] == pytest.approx(2.0 - 0.02 + 0.06 - WALKS_S, abs=0.006)


def test_a_robot_that_turns_over_is_seen(tmp_path, capsys):
    status, out, _ = replayed(capsys, recorded(tmp_path, turned=(9.0, 0.0, 0.0)))
    assert status == 1
    assert "falling" in out
    assert "1 good walks, 1 false trips" in out


def test_walks_one_after_the_other(tmp_path):
    starts = {0.0: "standing", 0.5: "walking", 1.5: "standing", 2.0: "walking", 3.3: "standing", 3.4: "walking"}
    walks = walks_in(recorded(tmp_path, modes=tuple(starts.items())), GO2)
    assert list(walks) == ["walk.mcap from 0.5 s", "walk.mcap from 2.0 s"]  # the last is too short to tell anything


@pytest.mark.parametrize(
    ("topics", "kind", "message"),
    [
        (SCHEMAS, {"modes": ((0.0, "standing"),)}, "the robot does not walk in this recording"),
        (set(SCHEMAS) - {"/surefoot/joint_target"}, {}, "has no messages of /surefoot/joint_target"),
        (set(SCHEMAS) - {"/imu/data"}, {}, "has no messages of /imu/data"),
        (SCHEMAS, {"silent_from_s": 0.0}, "has no messages of /surefoot/joint_target"),
    ],
)
def test_recordings_without_what_it_takes(tmp_path, topics, kind, message):
    with pytest.raises(SurefootError, match=message):
        walks_in(recorded(tmp_path, topics, **kind), GO2)


def test_without_velocity_commands_none_was_given(tmp_path):
    (log,) = walks_in(recorded(tmp_path, set(SCHEMAS) - {"/cmd_vel"}), GO2).values()
    assert (log.velocity_command == 0.0).all()


def test_another_robots_recording(tmp_path):
    told = [
        (topic, at_ns, {**one, "name": [name.replace("RR", "tail") for name in one["name"]]} if "name" in one else one)
        for topic, at_ns, one in messages()
    ]
    with pytest.raises(SurefootError, match="tail_calf_joint: not those of a1"):
        walks_in(write_recording(tmp_path / "other.mcap", told), load_robot("a1"))
