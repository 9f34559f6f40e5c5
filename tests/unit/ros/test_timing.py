"""How the policy keeps its time."""

from surefoot_control.timing import AnswerTimes
from surefoot_safety.process.histogram import class_of


def test_answers_in_time_are_counted():
    times = AnswerTimes(0.02)
    for tick in range(5):
        times.answered(1.0 + 0.02 * tick, 1.004 + 0.02 * tick)
    record = times.record()
    assert (record.rate_hz, record.ticks, record.overruns, record.skipped) == (50.0, 5, 0, 0)
    assert record.periods[class_of(20_000.0)] == 4
    assert record.latencies[class_of(4_000.0)] == 5
    assert record.cpu_s > 0.0


def test_late_ones_are_told_from_those_that_a_sample_was_waited_for():
    times = AnswerTimes(0.02)
    now_s = 1.0
    for gap_s in (0.0, 0.0299, 0.0301, 0.0499, 0.1):
        now_s += gap_s
        times.answered(now_s, now_s)
    assert (times.ticks, times.overruns, times.skipped) == (5, 3, 1 + 1 + 4)
    assert times.periods.longest_us > 99_999.0


def test_what_comes_after_a_pause_is_not_late():
    times = AnswerTimes(0.02)
    times.answered(1.0, 1.0)
    times.pause()
    times.answered(9.0, 9.0)
    assert (times.overruns, sum(times.periods.counts)) == (0, 0)
