import dataclasses

import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.curriculum import Curriculum, CurriculumConfig, EpisodeOutcome

CONFIG = CurriculumConfig(levels=5, initial_level_max=0, speed_bins=4, unlock_episodes=3, unlock_success_share=0.7)
COLUMNS = ("flat", "stairs_up", "stairs_up", "gaps")
WELL = {"tracking_score": 0.95, "fell": False, "walked_m": 9.5, "commanded_m": 10.0, "lasted_share": 1.0}


def make(xp, robots=1, columns=("flat",), *, config=CONFIG, levels=None, bins=None):
    """A curriculum with its robots put on the given levels and bins (with everything up to those bins unlocked)."""
    curriculum = Curriculum(config, robots, columns, xp)
    state = curriculum.state_dict()
    state["level"][:] = 0 if levels is None else levels
    if bins is not None:
        state["speed_bin"][:] = bins
        state["unlocked_bins"][:] = np.max(bins) + 1
    curriculum.load_state_dict(state)
    return curriculum


def outcome_of(xp, robots, **changes):
    values = {**WELL, **changes}
    return EpisodeOutcome(
        **{
            name: xp.asarray(
                np.broadcast_to(np.asarray(value, dtype=bool if name == "fell" else np.float32), robots).copy()
            )
            for name, value in values.items()
        }
    )


def end(curriculum, xp, ids=None, rng=None, **changes):
    ids = xp.arange(curriculum.level.shape[0]) if ids is None else xp.asarray(np.array(ids))
    curriculum.end_episodes(ids, outcome_of(xp, ids.shape[0], **changes), rng or Rng(0, xp))


def cell(curriculum, kind, level, speed_bin):
    (found,) = [c for c in curriculum.cells() if (c.kind, c.level, c.speed_bin) == (kind, level, speed_bin)]
    return found


def levels(curriculum):
    return to_numpy(curriculum.level).tolist()


class TestLevels:
    def test_up_after_walking_well(self, xp):
        curriculum = make(xp, robots=2, levels=[1, 3])
        end(curriculum, xp)
        assert levels(curriculum) == [2, 4]

    @pytest.mark.parametrize(
        "flaw",
        [
            {"fell": True},
            {"tracking_score": 0.79},
            {"walked_m": 6.9},
            {"commanded_m": 0.9, "walked_m": 0.9},  # asked for too little to say anything
        ],
    )
    def test_not_up_with_a_single_flaw(self, xp, flaw):
        curriculum = make(xp, levels=[2])
        end(curriculum, xp, **flaw)
        assert levels(curriculum) == [2]

    def test_a_robot_that_stands_still_never_goes_up_however_well_it_tracks(self, xp):
        # Standing still tracks 0.1 m/s with exp(−0.01 / 0.25) = 0.96. Its level would go up by the score alone.
        curriculum = make(xp, levels=[2])
        for _ in range(50):
            end(curriculum, xp, tracking_score=0.96, walked_m=0.0, commanded_m=2.0)
        assert levels(curriculum) == [0]
        assert [c.unlocked for c in curriculum.cells()] == [True, False, False, False] * 5

    @pytest.mark.parametrize(
        "flaw",
        [
            {"tracking_score": 0.39},
            {"walked_m": 3.9},
            {"walked_m": -5.0},
            {"fell": True, "lasted_share": 0.49},
            {"fell": True, "lasted_share": 0.01, "commanded_m": 0.0, "walked_m": 0.0},  # at once, before any command
        ],
    )
    def test_down_after_walking_badly(self, xp, flaw):
        curriculum = make(xp, levels=[2])
        end(curriculum, xp, **flaw)
        assert levels(curriculum) == [1]

    def test_standing_on_command_changes_nothing(self, xp):
        curriculum = make(xp, levels=[2])
        end(curriculum, xp, walked_m=0.0, commanded_m=0.0)
        assert levels(curriculum) == [2]
        assert sum(c.episodes for c in curriculum.cells()) == 0

    def test_level_zero_is_the_lowest(self, xp):
        curriculum = make(xp, levels=[0])
        end(curriculum, xp, fell=True, lasted_share=0.1)
        assert levels(curriculum) == [0]

    def test_who_solves_the_top_is_spread_over_all_levels(self, xp):
        curriculum = make(xp, robots=3000, levels=4)
        end(curriculum, xp)
        share = np.bincount(levels(curriculum), minlength=5) / 3000
        np.testing.assert_allclose(share, 0.2, atol=0.03)

    def test_who_does_not_solve_the_top_is_not_spread(self, xp):
        curriculum = make(xp, robots=50, levels=4)
        end(curriculum, xp, tracking_score=0.6)
        assert levels(curriculum) == [4] * 50

    @pytest.mark.parametrize("lost", ["tracking_score", "walked_m", "commanded_m", "lasted_share"])
    def test_a_robot_whose_numbers_are_lost_has_failed(self, xp, lost):
        curriculum = make(xp, levels=[2])
        end(curriculum, xp, **{lost: float("nan")})
        assert levels(curriculum) == [1]
        assert cell(curriculum, "flat", 2, 0).tracking_score == 0.0
        assert np.isfinite([c.tracking_score for c in curriculum.cells()]).all()

    def test_a_score_that_is_no_share_is_refused(self, xp):
        with pytest.raises(SurefootError, match=r"tracking_score 17\.5 is not a share"):
            end(make(xp), xp, tracking_score=17.5)

    def test_only_the_robots_named_move(self, xp):
        curriculum = make(xp, robots=4, levels=1)
        end(curriculum, xp, ids=[3, 1])
        assert levels(curriculum) == [1, 2, 1, 2]

    def test_no_robots_is_no_change(self, xp):
        curriculum = make(xp, robots=2, levels=1)
        end(curriculum, xp, ids=np.zeros(0, dtype=np.int64))
        assert levels(curriculum) == [1, 1]

    def test_a_single_level_is_solved_again_and_again(self, xp):
        curriculum = make(xp, config=dataclasses.replace(CONFIG, levels=1))
        for _ in range(20):
            end(curriculum, xp)
        assert levels(curriculum) == [0]
        assert all(c.unlocked for c in curriculum.cells())


class TestSpeeds:
    def test_only_the_slowest_are_unlocked_at_first(self, xp):
        curriculum = make(xp, columns=COLUMNS, robots=4)
        assert all(c.unlocked == (c.speed_bin == 0) for c in curriculum.cells())

    def test_a_mastered_cell_unlocks_its_neighbours_and_no_others(self, xp):
        curriculum = make(xp, robots=8, columns=COLUMNS, levels=2, bins=[0] * 8)
        stairs = [2, 3, 4]  # robots on the stairs, two columns of four
        end(curriculum, xp, ids=stairs)
        unlocked = {(c.kind, c.level, c.speed_bin) for c in curriculum.cells() if c.unlocked and c.speed_bin}
        assert unlocked == {("stairs_up", 2, 1)}
        # Speed 1 mastered there opens speed 2 there, and speed 1 next door.
        curriculum = make(xp, robots=8, columns=COLUMNS, levels=2)
        state = curriculum.state_dict()
        state["unlocked_bins"][1, 2] = 2
        state["speed_bin"][stairs] = 1
        curriculum.load_state_dict(state)
        end(curriculum, xp, ids=stairs)
        unlocked = {(c.kind, c.level, c.speed_bin) for c in curriculum.cells() if c.unlocked and c.speed_bin}
        assert unlocked == {("stairs_up", level, speed) for level, speed in ((1, 1), (2, 1), (2, 2), (3, 1))}

    @pytest.mark.parametrize(("level", "beside"), [(0, {1}), (1, {0, 2}), (4, {3})])
    def test_the_levels_beside_are_those_there_are(self, xp, level, beside):
        curriculum = make(xp, robots=3, levels=level)
        state = curriculum.state_dict()
        state["unlocked_bins"][0, level], state["speed_bin"][:] = 2, 1
        curriculum.load_state_dict(state)
        end(curriculum, xp)
        assert {c.level for c in curriculum.cells() if c.unlocked and c.speed_bin == 1} == beside | {level}
        assert {c.level for c in curriculum.cells() if c.unlocked and c.speed_bin == 2} == {level}

    def test_takes_enough_episodes(self, xp):
        curriculum = make(xp, levels=[2], bins=[0])
        for episode in range(1, 4):
            state = curriculum.state_dict()
            state["level"][:], state["speed_bin"][:] = 2, 0  # back to the same cell
            curriculum.load_state_dict(state)
            end(curriculum, xp)
            assert cell(curriculum, "flat", 2, 1).unlocked == (episode == 3)

    def test_takes_enough_successes(self, xp):
        for passing, unlocked in ((6, False), (7, True)):  # of ten, at a share of 0.7
            curriculum = make(xp, robots=10, levels=2, bins=[0] * 10)
            end(curriculum, xp, walked_m=[9.0] * passing + [5.0] * (10 - passing))
            assert cell(curriculum, "flat", 2, 0).success_share == pytest.approx(passing / 10)
            assert cell(curriculum, "flat", 2, 1).unlocked == unlocked

    def test_what_was_unlocked_stays(self, xp):
        curriculum = make(xp, robots=3, levels=2, bins=[1] * 3)
        before = {(c.level, c.speed_bin) for c in curriculum.cells() if c.unlocked}
        for _ in range(10):
            end(curriculum, xp, fell=True, lasted_share=0.1)
        assert {(c.level, c.speed_bin) for c in curriculum.cells() if c.unlocked} == before

    def test_bins_are_drawn_evenly_among_the_unlocked(self, xp):
        curriculum = make(xp, robots=3000, levels=2, bins=[2] * 3000)
        end(curriculum, xp, tracking_score=0.6)  # neither up nor down
        band = to_numpy(curriculum.speed_band(xp.arange(3000)))
        assert band.dtype == np.float32
        np.testing.assert_allclose(band[:, 1] - band[:, 0], 0.25)
        lows, counts = np.unique(band[:, 0], return_counts=True)
        assert lows.tolist() == [0.0, 0.25, 0.5]
        np.testing.assert_allclose(counts / 3000, 1 / 3, atol=0.03)

    def test_band_is_of_the_robots_asked_for(self, xp, array):
        curriculum = make(xp, robots=3, bins=[0, 1, 3])
        assert to_numpy(curriculum.speed_band(array([2, 0]))).tolist() == [[0.75, 1.0], [0.0, 0.25]]


class TestStatistics:
    def test_count_and_average_per_cell(self, xp):
        curriculum = make(xp, robots=4, columns=("flat", "gaps"), levels=[1, 1, 1, 2])
        end(curriculum, xp, tracking_score=[0.5, 0.9, 0.7, 0.6])
        flat, gaps, top = (cell(curriculum, *key, 0) for key in (("flat", 1), ("gaps", 1), ("gaps", 2)))
        assert (flat.episodes, gaps.episodes, top.episodes) == (2, 1, 1)
        assert [c.tracking_score for c in (flat, gaps, top)] == pytest.approx([0.7, 0.7, 0.6])
        assert [c.success_share for c in (flat, gaps, top)] == pytest.approx([0.5, 0.0, 0.0])

    def test_means_forget_old_episodes(self, xp):
        curriculum = make(xp, levels=[2])
        scores = [0.5, 0.6, 0.7, 0.5, 0.6]  # all neither up nor down; the memory is three episodes
        for score in scores:
            end(curriculum, xp, tracking_score=score)
        mean = np.mean(scores[:3])
        for score in scores[3:]:
            mean += (score - mean) / 3
        assert cell(curriculum, "flat", 2, 0).tracking_score == pytest.approx(mean)
        assert cell(curriculum, "flat", 2, 0).episodes == 5

    def test_many_at_once_count_as_their_mean(self, xp):
        curriculum = make(xp, robots=10, levels=2)
        end(curriculum, xp, tracking_score=0.5)
        end(curriculum, xp, tracking_score=0.7)
        assert cell(curriculum, "flat", 2, 0).tracking_score == pytest.approx(0.7)

    def test_robots_are_counted_where_they_are(self, xp):
        curriculum = make(xp, robots=8, columns=COLUMNS, levels=[0, 0, 1, 1, 1, 1, 4, 4])
        assert cell(curriculum, "flat", 0, 0).robots == 2
        assert cell(curriculum, "stairs_up", 1, 0).robots == 4
        assert cell(curriculum, "gaps", 4, 0).robots == 2
        assert sum(c.robots for c in curriculum.cells()) == 8

    def test_log_tells_levels_moves_and_visited_cells(self, xp):
        curriculum = make(xp, robots=4, columns=("flat", "gaps"), levels=[1, 1, 4, 1])
        end(
            curriculum,
            xp,
            fell=[False, True, False, False],
            lasted_share=[1, 0.1, 1, 1],
            tracking_score=[0.9, 0.9, 0.9, 0.5],
        )
        log = curriculum.log()
        assert (log["moved_up"], log["moved_down"], log["spread"]) == (1, 1, 1)
        assert log["level_mean"] == pytest.approx(np.mean(levels(curriculum)))
        assert log["flat/level_mean"] == pytest.approx(1.0)  # from 1, one up and one down
        assert log["unlocked_share"] == pytest.approx(0.25)
        assert log["flat/level_1/speed_0/episodes"] == 2
        assert log["flat/level_1/speed_0/success_share"] == pytest.approx(0.5)
        assert log["gaps/level_4/speed_0/tracking_score"] == pytest.approx(0.9)
        assert not any("level_3" in name for name in log)
        assert all(np.isfinite(value) for value in log.values())
        assert curriculum.log()["moved_up"] == 0  # since the last log


class TestPlaces:
    def test_robots_are_spread_evenly_over_the_columns(self, xp):
        column = to_numpy(make(xp, robots=10, columns=COLUMNS).column)
        counts = np.bincount(column, minlength=4)
        assert counts.sum() == 10
        assert counts.max() - counts.min() <= 1

    def test_start_is_on_the_first_levels(self, xp):
        curriculum = Curriculum(dataclasses.replace(CONFIG, initial_level_max=2), 600, ("flat",), xp)
        curriculum.start(Rng(0, xp))
        np.testing.assert_allclose(np.bincount(levels(curriculum)) / 600, 1 / 3, atol=0.06)

    def test_levels_and_columns_handed_out_are_copies(self, xp):
        curriculum = make(xp, robots=2, levels=1)
        handed_out = curriculum.level
        handed_out[:] = 4
        assert levels(curriculum) == [1, 1]


def test_goes_on_from_a_saved_state(xp):
    def episode(curriculum, rng, step):
        ids = np.random.Generator(np.random.PCG64(step)).permutation(12)[:5]
        end(curriculum, xp, ids=ids, rng=rng, walked_m=np.linspace(0, 10, 5), tracking_score=np.linspace(0.3, 1, 5))

    curriculum, rng = make(xp, robots=12, columns=COLUMNS), Rng(0, xp)
    for step in range(20):
        episode(curriculum, rng, step)
    resumed, its_rng = make(xp, robots=12, columns=COLUMNS), Rng(1, xp)
    resumed.load_state_dict(curriculum.state_dict())
    its_rng.load_state_dict(rng.state_dict())
    for step in range(20, 40):
        episode(curriculum, rng, step)
        episode(resumed, its_rng, step)
    assert levels(resumed) == levels(curriculum)
    assert resumed.cells() == curriculum.cells()


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"levels": 3, "initial_level_max": 3}, "initial_level_max 3 is not a level"),
        ({"demote_score": 0.9}, r"demote_score 0\.9 is above promote_score 0\.8"),
        ({"promote_distance_share": 0.1}, r"demote_distance_share 0\.4 is above promote_distance_share 0\.1"),
        ({"levels": 2.5}, "levels 2.5 is not a whole number"),
    ],
)
def test_contradictions_are_refused(settings, problem):
    with pytest.raises(SurefootError, match=problem):
        CurriculumConfig(**settings)
