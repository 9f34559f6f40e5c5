from surefoot.commands.bench_faults import is_done
from surefoot.faults import campaign
from surefoot.faults.campaign import Campaign, Choice, missed, result_of, row_of
from surefoot.faults.judging import Verdict
from surefoot.faults.kinds import cells
from surefoot.faults.table import FAULTS
from surefoot.faults.trial import Trial
from surefoot_safety.settings_loader import load_settings

(CELL,) = cells(FAULTS, ["IMU NaN, standing"])
GOOD = Verdict(True, "stopped (state_bad)", 0.02, 0, 2000, unlatched=False, fell=False)


def trial(verdict=GOOD, recovered=True, note="", lifted=False, beyond=0):
    return Trial(verdict, recovered, lifted, note, beyond)


def test_a_row_of_what_happened():
    slow = Verdict(True, "stopped (state_bad, tilt)", 0.024, 0, 2000, unlatched=False, fell=True)
    row = row_of(CELL, [trial(), trial(slow), trial()], 0.02)
    assert (row["fault"], row["state"], row["must"]) == ("IMU NaN", "standing", "damp, latched")
    assert (row["trials"], row["void"], row["right"], row["falls"], row["recovered"]) == (3, 0, 3, 1, 3)
    assert row["happened"] == {"stopped (state_bad)": 2, "stopped (state_bad, tilt)": 1}
    assert row["safe_ms"] == {"p50": 20.0, "max": 24.0}
    assert (row["bar_ms"], row["late"]) == (26.0, 0)
    assert missed(row, judges_times=True) == []


def test_each_bar_can_be_missed():
    bad = {
        "not as must be": Verdict(False, "goes on", None, 0, 9, unlatched=False, fell=False),
        "beyond limits": Verdict(True, "", 0.02, 3, 9, unlatched=False, fell=False),
        "not latched": Verdict(True, "", 0.02, 0, 9, unlatched=True, fell=False),
        "later than 26.0 ms": Verdict(True, "", 0.03, 0, 9, unlatched=False, fell=False),
        "nothing was recorded": Verdict(True, "", 0.02, 0, 0, unlatched=False, fell=False),
        "1 of 1 fell on top": Verdict(True, "", 0.02, 0, 9, unlatched=False, fell=True, worse=True),
    }
    for words, verdict in bad.items():
        (line,) = missed(row_of(CELL, [trial(verdict)], 0.02), judges_times=True)
        assert line.startswith("IMU NaN, standing: ")
        assert words in line
    (line,) = missed(row_of(CELL, [trial(recovered=False)], 0.02), judges_times=True)
    assert "1 not recovered by a reset" in line
    row = row_of(CELL, [trial(None, recovered=False, note="does not stand")], 0.02)
    (line,) = missed(row, judges_times=True)
    assert "1 without a trial" in line
    assert row["notes"] == {"does not stand": 1}
    row = row_of(CELL, [trial(beyond=2)], 0.02)  # on the way into the state, or back onto its feet
    assert missed(row, judges_times=True) == ["IMU NaN, standing: 2 commands beyond limits"]
    row = row_of(CELL, [trial()], 0.02) | {"left_behind": ["link"]}
    assert missed(row, judges_times=True) == ["IMU NaN, standing: left behind: link"]


def test_one_fall_in_twenty_may_come_on_top_of_what_must_follow():
    fell = Verdict(True, "", 0.02, 0, 9, unlatched=False, fell=True, worse=True)
    assert missed(row_of(CELL, [trial()] * 19 + [trial(fell)], 0.02), judges_times=True) == []
    assert len(missed(row_of(CELL, [trial()] * 18 + [trial(fell)] * 2, 0.02), judges_times=True)) == 1


def test_how_far_joints_went_is_the_most_of_all_trials():
    one, other = (
        Verdict(True, "", 0.02, 0, 9, unlatched=False, fell=False, joints={"speed_share": share})
        for share in (0.3, 0.6)
    )
    assert row_of(CELL, [trial(one), trial(other), trial(GOOD)], 0.02)["joints"] == {"speed_share": 0.6}
    assert row_of(CELL, [], 0.02)["joints"] == {}


class FakeStack:
    """Processes that leave something behind."""

    kills, is_up = 0, True

    def __init__(self, setup, _root):
        self.setup = setup

    def ready(self):
        pass

    def close(self):
        return [f"something of seed {self.setup.seed}"]


def test_what_processes_leave_behind_is_told_of_the_row_that_used_them_last(monkeypatch):
    results = iter([trial(), trial(), trial(), trial(recovered=False)])
    monkeypatch.setattr(campaign, "Stack", FakeStack)
    monkeypatch.setattr(campaign, "tried", lambda *_: next(results))
    first, second = cells(FAULTS, ["IMU NaN, standing", "e-stop silent, standing"])
    with Campaign(Choice(seeds=2)) as running:
        rows = [running.row(cell, lambda: None) for cell in (first, second)]
        assert rows[0]["left_behind"] == ["something of seed 0"]  # the second row needed another endpoint
    assert rows[1]["left_behind"] == ["something of seed 0"]


def test_what_says_nothing_is_tried_again_and_told(monkeypatch):
    void = Trial(None, recovered=False, lifted=False, note="a gap", is_void=True)
    never = Trial(None, recovered=False, lifted=False, note="does not stand")
    results = iter([void, void, trial(), never, void, void, void, trial()])
    monkeypatch.setattr(campaign, "Stack", FakeStack)
    monkeypatch.setattr(campaign, "tried", lambda *_: next(results))
    with Campaign(Choice(seeds=3)) as running:
        row = running.row(CELL, lambda: None)
    assert (row["trials"], row["void"], row["again"]) == (1, 2, {"a gap": 4})
    assert row["notes"] == {"does not stand": 1, "a gap": 1}
    assert next(results).verdict is GOOD  # three times is enough


def test_a_row_is_done_if_all_its_trials_were_and_the_same_must_follow_still():
    choice = Choice()
    row = row_of(CELL, [trial()], CELL.must.longest_s(load_settings("go2")))
    assert is_done(row, CELL, choice)
    assert not is_done(None, CELL, choice)
    assert not is_done(row | {"void": 1}, CELL, choice)
    assert not is_done(row | {"must": "goes on"}, CELL, choice)
    assert not is_done(row | {"bar_ms": 7.0}, CELL, choice)


def test_times_count_only_where_they_mean_something():
    late = Verdict(True, "", 0.03, 0, 9, unlatched=False, fell=False)
    assert missed(row_of(CELL, [trial(late)], 0.02), judges_times=False) == []


def test_the_whole():
    fell = Verdict(True, "", 0.02, 2, 9, unlatched=True, fell=True)
    result = result_of({"a": row_of(CELL, [trial(), trial(fell)], 0.02)}, judges_times=True)
    assert (result["cases"], result["void"]) == (2, 0)
    assert (result["commands_beyond_limits"], result["unlatched_stops"], result["falls"]) == (2, 1, 1)
    assert len(result["bars_missed"]) == 2
