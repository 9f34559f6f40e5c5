from surefoot.faults.campaign import missed, result_of, row_of
from surefoot.faults.judging import Verdict
from surefoot.faults.table import FAULTS, cells
from surefoot.faults.trial import Trial

(CELL,) = cells(FAULTS, ["IMU NaN, standing"])
GOOD = Verdict(True, "stopped (state_bad)", 0.02, 0, 2000, unlatched=False, fell=False)


def trial(verdict=GOOD, recovered=True, note=""):
    return Trial(verdict, recovered, lifted=False, note=note)


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


def test_times_count_only_where_they_mean_something():
    late = Verdict(True, "", 0.03, 0, 9, unlatched=False, fell=False)
    assert missed(row_of(CELL, [trial(late)], 0.02), judges_times=False) == []


def test_the_whole():
    fell = Verdict(True, "", 0.02, 2, 9, unlatched=True, fell=True)
    result = result_of({"a": row_of(CELL, [trial(), trial(fell)], 0.02)}, judges_times=True)
    assert (result["cases"], result["void"]) == (2, 0)
    assert (result["commands_beyond_limits"], result["unlatched_stops"], result["falls"]) == (2, 1, 1)
    assert len(result["bars_missed"]) == 2
