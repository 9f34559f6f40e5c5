from collections import Counter

import pytest

from surefoot.faults.log import Log
from surefoot.faults.soak import Sample, Soak, grows, growth_mib, halves, result_of
from surefoot_robots.errors import SurefootError

NEEDED = ("/joint_states", "/imu/data", "/cmd_vel", "/surefoot/joint_target", "/surefoot/status", "/surefoot/mode")
COUNTS = dict.fromkeys(NEEDED, 100)


def samples(memory=lambda at_s: 50.0, overruns=lambda at_s: at_s // 10, pid=lambda at_s: 7):
    """Ten minutes, one sample every 10 s."""
    return [
        Sample(at_s, {"link": memory(at_s)}, {"link": overruns(at_s)}, {"link": 1000 * at_s}, {"link": pid(at_s)})
        for at_s in range(10, 610, 10)
    ]


def soak(log=None, **keywords):
    return Soak(600.0, 590.0, 150, 0, 1, Counter({"falling": 1}), samples(**keywords), log)


def test_memory_that_is_reached_at_the_start_is_no_growth():
    assert growth_mib(samples(lambda at_s: 30.0 + min(at_s, 100.0)))["link"] == 0.0
    assert growth_mib(samples(lambda at_s: 30.0 + 0.01 * at_s))["link"] == pytest.approx(3.9, abs=0.2)


def test_overruns_of_each_half():
    assert halves(samples(), "link") == (30, 29)
    assert halves(samples(overruns=lambda at_s: max(0, at_s - 300)), "link") == (10, 290)


@pytest.mark.parametrize(
    ("first", "second", "is_more"), [(0, 0, False), (0, 3, False), (0, 12, True), (100, 130, False), (100, 160, True)]
)
def test_more_than_chance(first, second, is_more):
    assert grows(first, second) is is_more


def test_a_good_soak():
    result = result_of(soak(Log(1000, COUNTS, COUNTS, 0)))
    assert result["bars_missed"] == [
        "the record has 100 of /joint_states, must be 54000",
        "the record has 100 of /imu/data, must be 54000",
    ]
    whole = COUNTS | {"/joint_states": 60000, "/imu/data": 60000}
    result = result_of(soak(Log(1000, whole, whole, 0)))
    assert result["bars_missed"] == []
    assert result["walking_share"] == pytest.approx(590 / 600)
    assert (result["falls"], result["stops"]) == (1, {"falling": 1})
    assert result["memory_mib"] == {"link": {"end": 50.0, "growth": 0.0}}
    assert result["overruns"] == {"link": {"first_half": 30, "second_half": 29, "ticks": 600000}}
    assert result_of(soak())["log"] is None


def test_each_bar_can_be_missed():
    (line,) = result_of(soak(memory=lambda at_s: 0.01 * at_s))["bars_missed"]
    assert line == "link grew by 4.0 MiB > 2"
    (line,) = result_of(soak(pid=lambda at_s: 7 + at_s // 300))["bars_missed"]
    assert line == "link was started again"
    (line,) = result_of(soak(overruns=lambda at_s: at_s**3))["bars_missed"]
    assert "late ticks, then" in line
    bad = soak()
    bad.beyond_limits = 2
    assert result_of(bad)["bars_missed"] == ["2 commands beyond limits"]


def test_too_short_a_soak_says_so():
    with pytest.raises(SurefootError, match="1 samples of what the processes cost are too few"):
        result_of(Soak(samples=samples()[:1]))


def test_what_is_wrong_with_a_record(tmp_path):
    assert Log(1, COUNTS, COUNTS, 0).problems(90) == []
    assert Log(1, COUNTS, COUNTS, 3).problems(90) == ["3 messages of the record are in the wrong order"]
    assert Log(1, COUNTS, COUNTS | {"/cmd_vel": 101}, 0).problems(90) == [
        "the record announces 101 of /cmd_vel and has 100"
    ]
    less = {topic: count for topic, count in COUNTS.items() if topic != "/cmd_vel"}
    assert Log(1, less, less, 0).problems(90) == ["the record has no /cmd_vel"]
    with pytest.raises(SurefootError, match="No such file"):
        Log.of_file(tmp_path / "no.mcap")


def test_a_record_is_read_to_its_end(tmp_path):
    pytest.importorskip("mcap", reason="comes with surefoot[ros]")
    from mcap.writer import Writer

    file = tmp_path / "log.mcap"
    with file.open("wb") as stream:
        writer = Writer(stream, chunk_size=200)
        writer.start()
        channel = writer.register_channel("/joint_states", "cdr", writer.register_schema("x", "ros2msg", b""))
        for time_ns in (1, 2, 3, 2, 4):
            writer.add_message(channel, time_ns, bytes(100), time_ns)
        writer.finish()
    log = Log.of_file(file)
    assert log.counts == log.announced == {"/joint_states": 5}
    assert (log.backward, log.fault) == (1, "")
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(file.read_bytes()[:-300])
    assert Log.of_file(torn).fault
