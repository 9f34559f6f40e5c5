from collections import Counter

import pytest
from fault_records import GO2, SETTINGS, ticks

from surefoot.faults import soak as soaking
from surefoot.faults.log import Log
from surefoot.faults.soak import Choice, soaked
from surefoot.faults.soak_result import Sample, Soak, grows, growth_mib, halves, result_of
from surefoot.faults.states import NotReachedError
from surefoot_robots.errors import SurefootError
from surefoot_safety.mode import Mode

NEEDED = ("/joint_states", "/imu/data", "/cmd_vel", "/surefoot/joint_target", "/surefoot/status", "/surefoot/mode")
COUNTS = dict.fromkeys(NEEDED, 100)


def samples(memory=lambda at_s: 50.0, overruns=lambda at_s: at_s // 10, pid=lambda at_s: 7):
    """Ten minutes, one sample every 10 s."""
    return [
        Sample(at_s, {"link": memory(at_s)}, {"link": overruns(at_s)}, {"link": 1000 * at_s}, {"link": pid(at_s)})
        for at_s in range(10, 610, 10)
    ]


def soak(log=None, **keywords):
    return Soak(600.0, 10.0, 150, 0, 0, Counter({"falling": 1}), samples(**keywords), log)


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
    assert (result["falls"], result["stops"]) == (0, {"falling": 1})
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
    bad.beyond_limits, bad.away_s, bad.falls = 0, 588.0, 200
    assert result_of(bad)["bars_missed"] == ["walked 2.0 % of the time, must be 95", "200 falls"]
    bad = soak()
    bad.lost, bad.silent_s, bad.left_behind, bad.ended = 3, 0.6, ["link"], "does not stand"
    assert result_of(bad)["bars_missed"] == [
        "ended after 600 s: does not stand",
        "3 ticks of the link are not known",
        "the link told the motors nothing for 0.60 s > 0.5 s",
        "left behind: link",
    ]


def test_a_process_that_is_away_is_told_and_takes_nothing_with_it():
    found = soak()
    there = found.samples[3]
    found.samples[3] = Sample(there.at_s, {}, {}, {}, {}, ("link",))
    result = result_of(found)
    assert result["bars_missed"] == ["link was away in 1 of 60 samples"]
    assert result["overruns"] == result_of(soak())["overruns"]
    found.samples[-1] = Sample(600.0, {}, {}, {}, {}, ("link",))
    assert result_of(found)["memory_mib"]["link"]["end"] == 50.0


def test_the_record_of_the_motors_is_judged_across_its_parts():
    whole, found = ticks(2.0), soak()
    whole["law"][1000:1005, 1, 4] = 99.0
    for part in (whole[:700], whole[700:1002], whole[1002:1002], whole[1002:]):
        found.judge(part, GO2, SETTINGS)
    assert (found.beyond_limits, found.lost) == (5, 0)
    assert found.silent_s == pytest.approx(0.001)
    leaping = ticks(1.0)
    leaping["law"][:, 3] = 5.0
    leaping["law"][500:, 0, 1] += 0.5
    apart = soak()
    for part in (leaping[:500], leaping[500:]):
        apart.judge(part, GO2, SETTINGS)
    assert apart.beyond_limits == 1
    gap = soak()
    gap.judge(whole[:700], GO2, SETTINGS)
    gap.judge(whole[710:], GO2, SETTINGS)
    assert gap.lost == 10
    assert gap.silent_s == pytest.approx(0.011)


class LostStack:
    """A robot that stops and does not stand up any more."""

    status, processes, mode = None, (), Mode.WALKING

    def __init__(self, *_):
        self.driven = 0

    def __getattr__(self, _name):
        return lambda *_: None

    def drive(self, *_):
        self.driven += 1
        self.mode = Mode.STOPPED if self.driven > 1 else Mode.WALKING

    def take_ticks(self):
        return ticks(0.1)

    def up_z(self):
        return 0.0

    def close(self):
        return []


def test_what_is_known_by_then_is_told_where_a_soak_cannot_go_on(monkeypatch):
    walks = iter([None])

    def walk(_stack):
        if next(walks, "no") == "no":
            raise NotReachedError("does not stand after 40 s")

    monkeypatch.setattr(soaking, "Stack", LostStack)
    monkeypatch.setattr(soaking, "walk", walk)
    monkeypatch.setattr(soaking, "_sample", lambda _stack, at_s: Sample(at_s, {"link": 50.0}, {}, {}, {"link": 7}))
    result = result_of(soaked(Choice(1000.0, has_ros=False), lambda _: None))
    assert "does not stand after 40 s" in result["bars_missed"][0]
    assert (result["commands"], result["falls"], result["stops"]) == (2, 1, {"silence": 1})
    assert result["memory_mib"]["link"]["end"] == 50.0
    monkeypatch.setattr(soaking, "_sample", lambda *_: pytest.fail("nothing was begun"))
    result = result_of(soaked(Choice(1000.0, has_ros=False), lambda _: None))  # nor does it stand at the beginning
    assert result["ended"] == "does not stand after 40 s"


def test_too_short_a_soak_says_so():
    with pytest.raises(SurefootError, match="1 samples of what the processes cost are too few"):
        result_of(Soak(samples=samples()[:1]))


def test_what_is_wrong_with_a_record(tmp_path):
    assert Log(1, COUNTS, COUNTS, 0).problems(90) == []
    assert Log(1, COUNTS, COUNTS, 3).problems(90) == ["3 messages of the record are in the wrong order"]
    assert Log(1, COUNTS, COUNTS | {"/cmd_vel": 101}, 0).problems(90) == [
        "the record announces 101 of /cmd_vel and has 100"
    ]
    assert Log(1, COUNTS, COUNTS, 0, gaps_s={"/cmd_vel": 0.5, "/imu/data": 360.0}).problems(90) == [
        "the record has nothing of /imu/data for 360.0 s > 0.5 s"
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
    gaps_s = Log.of_file(file, (0, 3_000_000_000)).gaps_s
    assert gaps_s["/joint_states"] == pytest.approx(3.0 - 4e-9)
    assert gaps_s["/cmd_vel"] == pytest.approx(3.0)
    assert Log.of_file(file, (1, 4)).gaps_s["/joint_states"] == pytest.approx(2e-9)
    torn = tmp_path / "torn.mcap"
    torn.write_bytes(file.read_bytes()[:-300])
    assert Log.of_file(torn).fault
