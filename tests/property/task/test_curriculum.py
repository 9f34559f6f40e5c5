"""Invariants of the curriculum: whatever happens to the robots, it can only be wrong in ways these would show."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.curriculum import Curriculum, CurriculumConfig, EpisodeOutcome

COLUMNS = ("flat", "stairs_up", "gaps", "gaps")
ROBOTS = 12
seeds = st.integers(0, 2**32 - 1)
configurations = st.builds(
    CurriculumConfig,
    levels=st.integers(1, 6),
    initial_level_max=st.just(0),
    speed_bins=st.integers(1, 5),
    unlock_episodes=st.integers(1, 5),
    unlock_success_share=st.floats(0.3, 1.0),
)


def random_outcome(draws, xp, n, skill):
    """Episodes of robots that mostly walk well at skill 1, badly at skill 0; some lose their numbers altogether."""
    well = draws.random(n) < skill
    commanded = draws.choice([0.0, 0.5, 3.0, 12.0], n)
    outcome = {
        "tracking_score": np.where(well, draws.uniform(0.75, 1.0, n), draws.uniform(0.0, 0.9, n)),
        "fell": draws.random(n) < (1 - skill) * 0.5,
        "walked_m": commanded * np.where(well, draws.uniform(0.65, 1.1, n), draws.uniform(-0.2, 0.8, n)),
        "commanded_m": commanded,
        "lasted_share": draws.random(n),
    }
    outcome["walked_m"][draws.random(n) < 0.02] = np.nan
    return EpisodeOutcome(
        **{name: xp.asarray(v if v.dtype == bool else v.astype(np.float32)) for name, v in outcome.items()}
    )


def unlocked(curriculum):
    return {(c.kind, c.level, c.speed_bin) for c in curriculum.cells() if c.unlocked}


def is_clean(outcome, config, i):
    """Robot i passed every bar for going up (written out again, against the curriculum's own arithmetic)."""
    score, fell, walked, commanded = (
        float(to_numpy(getattr(outcome, name))[i]) for name in ("tracking_score", "fell", "walked_m", "commanded_m")
    )
    return (
        not fell
        and score >= config.promote_score
        and commanded >= config.minimum_commanded_m
        and walked / commanded >= config.promote_distance_share
    )


@given(config=configurations, seed=seeds, skill=st.sampled_from([0.0, 0.3, 0.7, 1.0]))
@settings(max_examples=40)
def test_invariants(xp, config, seed, skill):
    draws, rng = np.random.Generator(np.random.PCG64(seed)), Rng(seed, xp)
    curriculum = Curriculum(config, ROBOTS, COLUMNS, xp)
    curriculum.start(rng)
    column, episodes = to_numpy(curriculum.column), 0
    for _ in range(25):
        before, open_before = to_numpy(curriculum.level), unlocked(curriculum)
        ids = draws.permutation(ROBOTS)[: draws.integers(0, ROBOTS + 1)]
        outcome = random_outcome(draws, xp, len(ids), skill)
        curriculum.end_episodes(xp.asarray(ids), outcome, rng)
        after, cells = to_numpy(curriculum.level), curriculum.cells()

        # Robots: only those named, one level at a time, up only when they deserve it, never out of the grid.
        others = np.setdiff1d(np.arange(ROBOTS), ids)
        assert (after[others] == before[others]).all()
        assert ((after >= 0) & (after < config.levels)).all()
        for i, robot in enumerate(ids):
            if not is_clean(outcome, config, i):
                assert after[robot] <= before[robot]
                assert before[robot] - after[robot] <= 1
            elif before[robot] < config.levels - 1:
                assert after[robot] == before[robot] + 1
        assert (to_numpy(curriculum.column) == column).all()

        # Cells: unlocked for good, slower ones first, next to one that is mastered.
        open_now = unlocked(curriculum)
        assert open_before <= open_now
        by_place = {(c.kind, c.level, c.speed_bin): c for c in cells}
        for kind, level, speed in open_now - open_before:
            assert speed == 0 or (kind, level, speed - 1) in open_now
            # Itself or a faster one at this level came next to a mastered cell: below it, or on a level beside.
            reasons = [(level, s) for s in range(speed - 1, config.speed_bins)] + [
                (beside, s) for beside in (level - 1, level + 1) for s in range(speed, config.speed_bins)
            ]
            assert any(
                (cell := by_place.get((kind, *place))) is not None
                and cell.episodes >= config.unlock_episodes
                and cell.success_share >= config.unlock_success_share - 1e-9
                for place in reasons
            )

        # Bookkeeping: every robot is in an unlocked cell, nothing is lost, and means are means.
        assert sum(c.robots for c in cells) == ROBOTS
        assert all(c.unlocked for c in cells if c.robots)
        assert all(0 <= c.tracking_score <= 1 and 0 <= c.success_share <= 1 for c in cells)
        total = sum(c.episodes for c in cells)
        assert episodes <= total <= episodes + len(ids)
        episodes = total
        band = to_numpy(curriculum.speed_band(xp.arange(ROBOTS)))
        assert ((band >= 0) & (band <= 1)).all()
        assert (band[:, 0] < band[:, 1]).all()


@given(config=configurations, seed=seeds)
@settings(max_examples=15)
def test_robots_that_stand_still_stay_where_the_slow_are(xp, config, seed):
    rng, ids = Rng(seed, xp), xp.arange(ROBOTS)
    curriculum = Curriculum(config, ROBOTS, COLUMNS, xp)
    curriculum.start(rng)
    slow = EpisodeOutcome(
        tracking_score=xp.full(ROBOTS, 0.97, dtype=xp.float32),  # as good as slow commands give for nothing
        fell=xp.zeros(ROBOTS, dtype=xp.bool),
        walked_m=xp.zeros(ROBOTS, dtype=xp.float32),
        commanded_m=xp.full(ROBOTS, 2.0, dtype=xp.float32),
        lasted_share=xp.ones(ROBOTS, dtype=xp.float32),
    )
    at_first = unlocked(curriculum)
    for _ in range(30):
        curriculum.end_episodes(ids, slow, rng)
    assert to_numpy(curriculum.level).tolist() == [0] * ROBOTS
    assert unlocked(curriculum) == at_first


@given(config=configurations, seed=seeds)
@settings(max_examples=15)
def test_robots_that_walk_well_unlock_everything(xp, config, seed):
    rng, ids = Rng(seed, xp), xp.arange(ROBOTS)
    curriculum = Curriculum(config, ROBOTS, COLUMNS, xp)
    curriculum.start(rng)
    good = EpisodeOutcome(
        tracking_score=xp.full(ROBOTS, 0.95, dtype=xp.float32),
        fell=xp.zeros(ROBOTS, dtype=xp.bool),
        walked_m=xp.full(ROBOTS, 9.0, dtype=xp.float32),
        commanded_m=xp.full(ROBOTS, 10.0, dtype=xp.float32),
        lasted_share=xp.ones(ROBOTS, dtype=xp.float32),
    )
    for _ in range(600):
        curriculum.end_episodes(ids, good, rng)
        if all(c.unlocked for c in curriculum.cells()):
            break
    assert all(c.unlocked for c in curriculum.cells())
