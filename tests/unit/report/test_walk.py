"""The page of a recording, from a file whose messages an independent library wrote."""

import math
import re

import numpy as np
import pytest
from joint_logs import GO2, header, imu, joint_state
from mcap_ros2.writer import Writer
from recordings import SCHEMAS, velocity, write_recording

from surefoot.cli import main
from surefoot.report import decode
from surefoot.report.figure import MOST_POINTS, thinned
from surefoot.report.page import table
from surefoot.report.strip import _without_heading
from surefoot.report.walk_log import Event, Stretch, read_walk
from surefoot.report.walk_pictures import MODE_COLORS, speed_error_mps, tilt_rad, walk_pictures
from surefoot.report.walk_report import walk_page
from surefoot_robots.errors import SurefootError
from surefoot_safety.mode import Mode
from surefoot_safety.settings_loader import load_settings

NS, START_NS = 1_000_000_000, 1_700_000_000_000_000_000
MS = 1_000_000
SECONDS, HZ = 4.0, 50
HOME = GO2.default_joint_position_rad
COUNT = int(SECONDS * HZ)
ANSWER_NS = 3 * MS
DATA_END = b"\x0f" + (4).to_bytes(8, "little")
"""Opcode and length of the record behind the last message: https://mcap.dev/spec#data-end-op0x0f"""


def status(reasons, volts=31.5):
    values = {"mode": "walking", "reasons": reasons, "battery_voltage_v": f"{volts:.6g}"}
    pairs = [{"key": key, "value": value} for key, value in values.items()]
    part = {"level": 0, "name": "surefoot: supervisor", "message": "", "hardware_id": "surefoot", "values": pairs}
    return {"header": header(START_NS), "status": [part]}


def messages():
    """Topic, time of arrival and message: walking from 1 to 3 s, tilted by 0.3 rad from 2 s on."""
    for tick in range(COUNT):
        time_ns = START_NS + tick * NS // HZ
        swing = 0.1 * math.sin(0.3 * tick)
        yield "/joint_states", time_ns, joint_state(time_ns, GO2.joint_names, HOME + swing, HOME * 0, HOME * 0 + 5.0)
        tilted = imu(time_ns, (0.0, 0.0, 0.1), (0.0, 0.0, 9.81))
        if tick >= 2 * HZ:
            tilted["orientation"] |= {"w": math.cos(0.15), "x": math.sin(0.15)}
        yield "/imu/data", time_ns, tilted
        # Another policy from half of the time on, and joints in another order.
        names, frame = (
            (list(GO2.joint_names), "one") if tick < COUNT // 2 else (list(GO2.joint_names)[::-1], "other one")
        )
        wanted = dict(zip(GO2.joint_names, HOME + swing + 0.05, strict=True))
        answer = joint_state(time_ns, names, [wanted[name] for name in names], frame=frame)
        yield "/surefoot/joint_target", time_ns + ANSWER_NS, answer
        yield "/cmd_vel", time_ns, velocity(0.5, 0.0, 0.0)
        believed = {"header": header(time_ns), "twist": velocity(0.5, 0.1, 0.0)}
        yield "/surefoot/velocity_estimate", time_ns + ANSWER_NS, believed
    for at_s, mode in ((0.0, "standing"), (1.0, "walking"), (3.0, "stopped")):
        yield "/surefoot/mode", START_NS + int(at_s * NS), {"data": mode}
    reasons = {0: "", 1: "", 2: "tilt: tilted by <0.3> rad: so it is", 3: "tilt: still\nlow_base: low"}
    for at_s, said in reasons.items():
        yield "/surefoot/status", START_NS + at_s * NS, status(said)


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return written(tmp_path_factory.mktemp("log") / "walk.mcap", SCHEMAS)


def written(path, topics):
    return write_recording(path, messages(), topics)


@pytest.fixture(scope="module")
def log(file):
    return read_walk(file)


def test_what_a_recording_says(log):
    assert log.origin == "walk.mcap"
    assert log.start_s == START_NS / NS
    assert log.duration_s == pytest.approx((COUNT - 1) / HZ + 0.003)
    assert log.missing == ()
    assert log.position_rad.values.shape == (COUNT, 12)
    assert log.position_rad.values[1] == pytest.approx(HOME + 0.1 * math.sin(0.3))
    assert log.torque_nm.values[7] == pytest.approx(5.0)
    assert log.command.values[3].tolist() == [0.5, 0.0, 0.0]
    assert log.believed.values[3].tolist() == [0.5, 0.1, 0.0]
    assert log.rate_radps.values[3].tolist() == [0.0, 0.0, 0.1]


def test_targets_of_several_publishers_are_one_series_by_name(log):
    expected = HOME + 0.1 * np.sin(0.3 * np.arange(COUNT))[:, None] + 0.05
    assert log.target_rad.values == pytest.approx(expected)


def test_modes_and_triggers(log):
    assert log.modes == (
        Stretch("standing", 0.0, 1.0),
        Stretch("walking", 1.0, 3.0),
        Stretch("stopped", 3.0, log.duration_s),
    )
    assert log.events == (
        Event(2.0, "tilt", "tilted by <0.3> rad: so it is"),
        Event(3.0, "low_base", "low"),
    )
    assert log.battery_v.values[:, 0].tolist() == [31.5] * 4
    assert np.isnan(log.hottest_c.values).all()


def test_answers_are_timed_from_the_sample(log):
    assert log.answer_ms == pytest.approx(3.0, abs=1e-3)


def test_the_speed_error_is_of_walking_alone(log):
    assert speed_error_mps(log) == pytest.approx(0.1)


def test_tilt(log):
    tilt = tilt_rad(log)
    assert tilt[: 2 * HZ] == pytest.approx(0.0, abs=1e-6)
    assert tilt[2 * HZ :] == pytest.approx(0.3)


def test_the_page(file, tmp_path, capsys):
    out = tmp_path / "page.html"
    assert main(["report", str(file), "--out", str(out)]) == 0
    assert str(out) in capsys.readouterr().out
    page = out.read_text()
    for title in ("What it did", "Triggers", "Speed", "Tilt", "Joints", "Torques", "Timing", "Power", "The robot"):
        assert f"<h2>{title}</h2>" in page
    assert "tilted by &lt;0.3&gt; rad: so it is" in page
    assert "At most 17° from upright." in page
    assert "0.05 rad apart on average" in page
    assert not re.search(r'(src|href)="(?!data:|#)', page)  # nothing from elsewhere
    assert "<script" not in page
    assert len(page) < 3_000_000


def test_the_same_recording_gives_the_same_pictures(log):
    first, second = ([each.svg for each in walk_pictures(log, GO2, 1.0)] for _ in range(2))
    assert first == second


def test_what_was_not_recorded_is_said(tmp_path):
    page = walk_page(written(tmp_path / "short.mcap", ["/joint_states"]), GO2, load_settings("go2"))
    assert "Not recorded" in page
    assert "/surefoot/mode" in page
    assert "Not drawn: the recording has no joints or no IMU." in page
    assert "<h2>Speed</h2>" not in page


def test_a_recorder_that_was_killed_leaves_what_is_shown(tmp_path, file, log):
    data = file.read_bytes()
    (tmp_path / "killed.mcap").write_bytes(data[: data.rindex(DATA_END)])

    found = read_walk(tmp_path / "killed.mcap")
    page = walk_page(tmp_path / "killed.mcap", GO2, load_settings("go2"))

    assert found.cut_off.startswith("killed.mcap: is cut off: the recorder was killed")
    assert found.events == log.events
    np.testing.assert_array_equal(found.position_rad.values, log.position_rad.values)
    assert "Not the whole recording" in page
    assert "<h2>Speed</h2>" in page


def test_a_recording_of_which_nothing_is_whole_is_refused(tmp_path, file):
    short = tmp_path / "short.mcap"
    short.write_bytes(file.read_bytes()[:100])
    with pytest.raises(SurefootError, match=r"short.mcap: is cut off: .*; 0 messages"):
        read_walk(short)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(SurefootError, match="no such file"):
        read_walk(tmp_path / "nowhere.mcap")
    assert main(["report", str(tmp_path / "nowhere.mcap")]) == 2
    empty = tmp_path / "empty.mcap"
    with empty.open("wb") as out:
        Writer(out).finish()
    with pytest.raises(SurefootError, match="has no messages"):
        read_walk(empty)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x00\x01", b"\x00\x00\x00\x00", b"\x00\x01\x00\x00\xff\xff\xff\x7f", b"\x00\x01\x00\x00\x05\x00\x00\x00ab"],
)
def test_damaged_messages_are_told(data):
    for read in (decode.text, decode.diagnostics, decode.twist, decode.stamped_twist):
        with pytest.raises(ValueError, match=r"."):
            read(data)


def test_long_lines_keep_their_peaks():
    time_s = np.arange(100_000) / 100.0
    values = np.sin(time_s)
    values[54_321] = 40.0
    values[77_777] = np.nan
    short_s, short = thinned(time_s, values)
    assert len(short) == MOST_POINTS
    assert np.nanmax(short) == 40.0
    assert abs(short_s[np.nanargmax(short)] - 543.21) < 2.0
    assert thinned(time_s[:9], values[:9])[1] is not None


def test_without_their_headings():
    quarter = math.sqrt(0.5)
    turned = np.array([[1.0, 0.0, 0.0, 0.0], [quarter, quarter, 0.0, 0.0], [quarter, 0.0, 0.0, quarter]])
    assert _without_heading(turned)[2] == pytest.approx([1.0, 0.0, 0.0, 0.0])
    assert _without_heading(turned)[1] == pytest.approx([quarter, quarter, 0.0, 0.0])


def test_tables_are_escaped_and_numbers_stand_right():
    assert table(["a", "b"], [("<x>", 1.0)]) == (
        '<div class="scroll"><table><tr><th>a</th><th class="n">b</th></tr>'
        '<tr><td>&lt;x&gt;</td><td class="n">1</td></tr></table></div>'
    )
    assert table(["a"], []) == "<p>none</p>"


def test_every_mode_has_a_color_of_its_own():
    assert list(MODE_COLORS) == [*(mode.value for mode in Mode), "unknown"]
    assert len(set(MODE_COLORS.values())) == len(MODE_COLORS)
