import math

import pytest

from surefoot_safety.process import ticker as ticking
from surefoot_safety.process.histogram import CLASSES, Histogram, class_of, quantile_us, since
from surefoot_safety.process.report import loop_record
from surefoot_safety.process.ticker import Ticker, best_sleep, sleep_relative

MS = 1_000_000


@pytest.mark.parametrize(
    ("time_us", "number"),
    [(0.0, 0), (-5.0, 0), (math.nan, 0), (1.0, 0), (1.05, 0), (1.1, 1), (2.0, 8), (1000.0, 79), (1e9, CLASSES - 1)],
)
def test_classes(time_us, number):
    assert class_of(time_us) == number


def test_quantiles_are_never_too_low_and_at_most_a_class_too_high():
    counted = Histogram()
    for time_us in range(1, 1001):
        counted.add(float(time_us))
    for share in (0.5, 0.99, 0.999):
        found = quantile_us(counted.counts, share)
        assert 1000.0 * share <= found <= 1000.0 * share * 2 ** (1 / 8) * 1.001
    assert counted.longest_us == 1000.0


def test_no_times_have_no_quantiles():
    assert math.isnan(quantile_us(Histogram().counts, 0.5))


def test_what_came_between():
    assert since((3, 5), (1, 5)) == (2, 0)


class Time:
    """A clock that goes on only where somebody sleeps or works."""

    def __init__(self):
        self.ns, self.slept = 1_000 * MS, []

    def clock(self):
        return self.ns

    def sleep_until(self, due_ns):
        self.slept.append(due_ns)
        self.ns = max(self.ns, due_ns)


def ticker(time, rate_hz=100.0):
    return Ticker(rate_hz, time.clock, time.sleep_until)


def test_ticks_keep_to_the_grid_however_long_the_work_takes():
    time = Time()
    ticks = ticker(time)
    began = []
    for work_ms in (1, 9, 3, 0):
        began.append(ticks.wait())
        time.ns += work_ms * MS
    assert began == [1.01, 1.02, 1.03, 1.04]
    assert (ticks.ticks, ticks.overruns, ticks.skipped) == (4, 0, 0)


@pytest.mark.parametrize(
    ("begun_ms", "due_ms"), [(1000.0, 1000.4), (1000.4, 1005.4), (1003.0, 1005.4), (1005.3, 1005.4), (1005.5, 1010.4)]
)
def test_whenever_it_is_started_its_ticks_are_a_phase_after_whole_periods(begun_ms, due_ms):
    time = Time()
    time.ns = round(begun_ms * MS)
    ticks = Ticker(200.0, time.clock, time.sleep_until, phase_s=0.0004)
    assert [ticks.wait(), ticks.wait()] == pytest.approx([due_ms / 1000.0, due_ms / 1000.0 + 0.005], abs=1e-12)


def test_a_late_tick_runs_at_once_and_the_next_is_on_the_grid_again():
    time = Time()
    ticks = ticker(time)
    ticks.wait()
    time.ns += 14 * MS
    assert ticks.wait() == 1.024
    assert ticks.wait() == 1.03
    assert (ticks.overruns, ticks.skipped) == (1, 0)
    assert ticks.periods.longest_us == 14_000.0


def test_missed_ticks_are_counted_and_not_made_up_for():
    time = Time()
    ticks = ticker(time)
    ticks.wait()
    time.ns += 47 * MS  # those at 1.02, 1.03, 1.04 and 1.05 are due: one runs now, three never
    assert ticks.wait() == 1.057
    assert ticks.wait() == 1.06
    assert (ticks.ticks, ticks.overruns, ticks.skipped) == (3, 1, 3)


def test_the_time_before_the_first_tick_is_no_overrun():
    time = Time()
    ticks = ticker(time)
    time.ns += 100 * MS
    ticks.wait()
    assert ticks.overruns == 0
    assert sum(ticks.periods.counts) == 0


def test_a_sleep_that_ends_early_goes_on():
    time = Time()

    def interrupted(due_ns):
        time.sleep_until(due_ns if time.slept else due_ns - 2 * MS)

    ticks = Ticker(100.0, time.clock, interrupted)
    assert ticks.wait() == 1.01
    assert len(time.slept) == 2


@pytest.mark.parametrize("sleep", [best_sleep(), sleep_relative])
def test_real_sleeps_last_until_then(sleep):
    for ahead_ns in (2 * MS, 0, -MS):
        due_ns = ticking.time.monotonic_ns() + ahead_ns
        sleep(due_ns)
        assert ticking.time.monotonic_ns() >= due_ns


def test_without_libc_time_sleep_does(monkeypatch):
    def none(_):
        raise OSError

    monkeypatch.setattr(ticking.ctypes, "CDLL", none)
    assert best_sleep() is sleep_relative


def test_the_report_has_it_all():
    time = Time()
    ticks = ticker(time)
    for _ in range(3):
        ticks.wait()
    latencies = Histogram()
    latencies.add(500.0)
    record = loop_record(ticks, latencies, "as asked", "all is well")
    assert (record.rate_hz, record.ticks, record.longest_latency_us) == (100.0, 3, 500.0)
    assert record.periods == ticks.periods.counts
    assert record.cpu_s > 0.0
    assert (record.real_time, record.note) == ("as asked", "all is well")
