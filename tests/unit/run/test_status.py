import pytest

from surefoot_training.run.status import Iteration, Recent, count_text, line_of, time_text


def episodes(count: float, falls: float, speed_error: float) -> dict[str, float]:
    return {
        "reward/step": 0.02,
        "episode/count": count,
        "episode/falls": falls,
        "episode/speed_error_mps": speed_error,
        "episode/yaw_rate_error_radps": 0.5,
        "curriculum/level_mean": 2.0,
        "curriculum/unlocked_share": 0.25,
    }


def status_of(*iterations: Iteration, highest_level: int = 9, processes: int = 1):
    recent = Recent(control_dt_s=0.02, highest_level=highest_level)
    for iteration in iterations:
        recent.add(iteration)
    return recent.status(iteration=2, steps=6000, elapsed_s=3.0, progress=0.5, left_s=65.0, processes=processes)


def test_means_are_weighted_by_the_episodes_behind_them():
    status = status_of(Iteration(3000, 1.0, episodes(1.0, 1.0, 0.4)), Iteration(3000, 2.0, episodes(3.0, 0.0, 0.2)))
    assert status.speed_error_mps == pytest.approx((0.4 + 3 * 0.2) / 4)
    assert status.reward_per_s == pytest.approx(1.0)
    assert status.steps_per_s == pytest.approx(2000.0)
    # One fall in 6000 steps of 20 ms: 2 minutes.
    assert status.falls_per_minute == pytest.approx(0.5)
    assert status.level == 2.0


def test_of_two_processes_falls_are_known_of_half_the_robots():
    status = status_of(Iteration(6000, 1.0, episodes(1.0, 1.0, 0.4)), processes=2)
    assert status.falls_per_minute == pytest.approx(1.0)


def test_what_no_episode_has_told_yet_is_left_out():
    status = status_of(Iteration(3000, 1.0, {"reward/step": 0.02}), highest_level=0)
    assert status.speed_error_mps is None
    assert status.level is None
    assert line_of(status) == (
        "iteration 2, 50 %, 6 k steps, reward 1.00/s, 0.00 falls/min, 3,000 steps/s, 1 min 05 s left"
    )


def test_a_line_has_everything():
    assert line_of(status_of(Iteration(3000, 1.0, episodes(2.0, 0.0, 0.25)))) == (
        "iteration 2, 50 %, 6 k steps, reward 1.00/s, speed error 0.250 m/s, yaw error 0.500 rad/s, 0.00 falls/min, "
        "level 2.0, 25 % of speeds, 3,000 steps/s, 1 min 05 s left"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.4, "59 s"), (60.0, "1 min 00 s"), (3599.6, "1 h 00 min"), (7500.0, "2 h 05 min")],
)
def test_times_for_people(seconds, text):
    assert time_text(seconds) == text


@pytest.mark.parametrize(("count", "text"), [(999, "999"), (8192, "8.19 k"), (1.25e6, "1.25 M"), (2e9, "2 G")])
def test_counts_for_people(count, text):
    assert count_text(count) == text
