import numpy as np
from toy_policy import toy_contract, toy_file, toy_observations

from surefoot_policy import timing


def test_the_bare_run_does_the_same(policy):
    bare = timing.BareRun(toy_file(), toy_contract())
    for observation in toy_observations():
        assert np.array_equal(bare.tick(observation), policy.tick(observation))


def test_quantiles_of_known_times():
    found = timing._quantiles([1000 * (index + 1) for index in range(1001)])
    assert (found.p50, found.p99, found.p999) == (501.0, 991.0, 1000.0)


def test_every_tick_is_counted(file):
    told = []
    timed = timing.time_ticks(file, 130, told.append)
    assert timed.ticks == 130
    assert told == [200, 60]


def test_growth_counts_its_ticks(file):
    told = []
    growth = timing.measure_growth(file, 100, 50, told.append)
    assert sum(told) == 150
    assert len(growth.resident_bytes) == 10
    assert min(growth.resident_bytes) > 10_000_000  # Python alone
    assert growth.resident_growth_bytes == growth.resident_bytes[9] - growth.resident_bytes[0]
    assert (growth.ticks, growth.traced_ticks) == (100, 50)
