import math

import pytest

from surefoot_training.run.score import Score, episode_score

LOG = {"episode/count": 4.0, "episode/tracking_score": 0.8, "episode/falls": 0.25}


def test_a_score_is_tracking_without_falls_and_how_hard_it_was():
    assert episode_score(LOG, highest_level=0) == pytest.approx(0.55)
    hard = LOG | {"curriculum/level_mean": 3.0, "curriculum/unlocked_share": 0.5}
    assert episode_score(hard, highest_level=9) == pytest.approx(0.55 + 3 / 9 + 0.5)
    assert episode_score(hard, highest_level=0) == pytest.approx(0.55 + 0.5)


def test_no_episode_no_score():
    assert episode_score({"reward/step": 1.0}, highest_level=0) is None


def test_nothing_is_the_best_before_enough_episodes_were_seen():
    score = Score(memory=10.0)
    assert not score.add(1.0, episodes=9.0)
    assert score.value is None
    assert score.add(1.0, episodes=1.0)
    assert score.value == pytest.approx(1.0)


def test_older_episodes_count_less():
    score = Score(memory=10.0)
    score.add(0.0, episodes=10.0)
    score.add(1.0, episodes=10.0)
    # Ten of 1, and ten of 0 that ten others have followed: 10 / (10 + 10 / e).
    assert score.value == pytest.approx(1.0 / (1.0 + math.exp(-1.0)))


def test_only_a_higher_value_is_a_record():
    score = Score(memory=1.0)
    assert score.add(0.5, episodes=1.0)
    assert not score.add(0.5, episodes=1.0)
    assert not score.add(0.0, episodes=1.0)
    assert score.add(1.0, episodes=10.0)


def test_it_goes_on_exactly():
    one, other = Score(memory=3.0), Score(memory=3.0)
    one.add(0.3, episodes=5.0)
    other.load_state_dict(one.state_dict())
    for each in (one, other):
        each.add(0.7, episodes=2.0)
    assert one.state_dict() == other.state_dict()
