import math

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.terrain import TILE_KINDS, TerrainConfig


def test_default_covers_every_kind_and_ends_at_20_cm_stairs_and_25_degrees() -> None:
    config = TerrainConfig()
    assert set(config.columns) == set(TILE_KINDS)
    assert config.level_count == 10
    assert config.step_height_m[1] == 0.20
    assert math.degrees(config.slope_rad[1]) == pytest.approx(25.0)


def test_sizes_in_cells_worked_out_by_hand() -> None:
    config = TerrainConfig(columns=("flat", "rough", "gaps"), level_count=2, border_m=1.0)
    assert config.tile_cells == 160  # 8 m / 0.05 m
    assert config.platform_cells == 20  # 1 m from the middle
    assert config.run_cells == 50  # 4 m - 1 m - 0.5 m
    assert config.field_cells == (2 * 160 + 40, 3 * 160 + 40)


def test_level_fraction_runs_from_0_to_1() -> None:
    config = TerrainConfig(level_count=5)
    assert [config.level_fraction(level) for level in range(5)] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert TerrainConfig(level_count=1).level_fraction(0) == 0.0


@pytest.mark.parametrize(
    ("wrong", "said", "way_out"),
    [
        ({"columns": ()}, "columns is empty", "stairs_up"),
        ({"columns": ("flat", "swamp")}, "kind 'swamp' is unknown", "kinds: flat, rough, slope_up"),
        ({"level_count": 0}, "level_count 0 is not a whole number of at least 1", "1 or more"),
        ({"level_count": 2.5}, "level_count 2.5", "1 or more"),
        ({"seed": -1}, "seed -1", "0 or more"),
        ({"obstacle_count": -3}, "obstacle_count -3", "0 or more"),
        ({"cell_m": 0.0}, "cell_m 0.0 is not a positive length", "0.05"),
        ({"cell_m": math.nan}, "cell_m nan", "0.05"),
        ({"tile_size_m": 8.05}, "tile_size_m 8.05 is not a positive multiple of 0.1 m", "cell_m"),
        ({"platform_m": 1.95}, "platform_m 1.95", "cell_m"),
        ({"border_m": 0.0}, "border_m 0.0", "cell_m"),
        ({"rim_m": math.inf}, "rim_m inf", "cell_m"),
        ({"step_tread_m": 0.31}, "step_tread_m 0.31 is not a positive multiple of 0.05 m", "cell_m"),
        ({"step_height_m": (0.2, 0.02)}, "step_height_m (0.2, 0.02) is the wrong way round", "easiest level"),
        ({"stone_side_m": (0.3, 0.8)}, "stone_side_m (0.3, 0.8) is the wrong way round", "easiest level"),
        ({"step_height_m": (0.02, math.nan)}, "step_height_m", "two values"),
        ({"step_height_m": (0.02, 0.1, 0.2)}, "step_height_m", "two values"),
        ({"step_height_m": ("low", "high")}, "step_height_m ('low', 'high')", "two values"),
        ({"slope_rad": (2.5, 25.0)}, "slope_rad (2.5, 25.0) is not a pair within 0 to 1.047", "SI units"),
        ({"gap_width_m": (0.05, 0.45)}, "gap_width_m (0.05, 0.45) starts below two cells", "lower cell_m"),
        (
            {"gap_width_m": (0.1, 1.3)},
            "gap_spacing_m 1.2 leaves no ground behind a gap of 1.3 m",
            "raise gap_spacing_m",
        ),
        ({"platform_m": 6.8}, "step_tread_m needs 0.3 m, but between platform and rim are 0.1 m", "raise tile_size_m"),
        ({"obstacle_side_m": (0.4, 3.0)}, "obstacle_side_m needs 3 m", "raise tile_size_m"),
        ({"rough_spacing_m": 0.15}, "rough_spacing_m 0.15 does not divide half a tile (4 m)", "choose one"),
        ({"level_count": 100}, "heights are more than 16777216", "fewer levels"),
    ],
)
def test_what_cannot_be_built_is_refused(wrong: dict[str, object], said: str, way_out: str) -> None:
    with pytest.raises(SurefootError) as refusal:
        TerrainConfig(**wrong)
    assert refusal.value.message.startswith("terrain: ")
    assert said in refusal.value.message
    assert refusal.value.hint is not None
    assert way_out in refusal.value.hint
