"""`surefoot terrain` as a user types it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from surefoot.cli import main


def test_table_says_what_each_level_means(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terrain"]) == 0
    told = capsys.readouterr().out
    title, head, *rows = told.splitlines()
    assert "10 levels x 11 columns of 8 m tiles" in title
    assert head.split()[-10:] == [str(level) for level in range(10)]
    stairs = next(row for row in rows if row.startswith("stairs_up"))
    assert "step_height_m" in stairs
    assert stairs.split()[-10:] == ["0.02", "0.04", "0.06", "0.08", "0.1", "0.12", "0.14", "0.16", "0.18", "0.2"]
    slope = next(row for row in rows if row.startswith("slope_down"))
    assert slope.split()[-10:] == ["2.5", "5", "7.5", "10", "12.5", "15", "17.5", "20", "22.5", "25"]


def test_one_kind_and_one_level(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terrain", "--kind", "gaps", "--level", "9"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split()[-2:] for row in rows] == [["gap_width_m", "0.45"], ["depth_m", "0.5"]]


def test_json_lists_kinds_and_levels(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["terrain", "--json", "--seed", "5"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["seed"], told["level_count"], len(told["columns"])) == (5, 10, 11)
    assert told["size_m"] == pytest.approx([120.0, 112.0])
    kinds = {kind["kind"]: kind for kind in told["kinds"]}
    assert kinds["stairs_up"]["columns"] == [4, 5]
    assert kinds["stairs_up"]["levels"][9] == pytest.approx({"level": 9, "step_height_m": 0.2, "rise_m": 1.6})


def test_picture_of_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "terrain.png"
    assert main(["terrain", "--png", str(path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["png"], told["width_px"], told["height_px"]) == (str(path), 1600, 960)
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (1600, 960))
        pixels = np.asarray(image.convert("RGB")).astype(int)
    # On the map, blue pits and orange pyramids; the columns of slopes lie a quarter from its left.
    red_over_blue = (pixels[..., 0] - pixels[..., 2])[60:160, :980]
    assert (red_over_blue < -60).any()
    assert (red_over_blue > 100).any()
    assert path.stat().st_size < 500_000  # it goes into the README


def test_picture_of_one_tile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tile.png"
    assert main(["terrain", "--png", str(path), "--kind", "gaps", "--level", "9"]) == 0
    assert capsys.readouterr().out == f"{path}: 1200 x 800 pixels\n"
    with Image.open(path) as image:
        assert (image.format, image.size) == ("PNG", (1200, 800))
        pixels = np.asarray(image.convert("RGB")).astype(int)
    middle, corner = pixels[345:385, 560:640], pixels[:20, :20]
    assert (corner == 255).all()
    assert np.ptp(pixels[100:700, 100:1100], axis=(0, 1)).max() > 150
    # The platform is level and at height 0: the colour of sand, everywhere the same.
    assert middle.std(axis=(0, 1)).max() < 3
    assert (middle[..., 0] > middle[..., 2]).all()


@pytest.mark.parametrize(
    ("words", "said", "way_out"),
    [
        (["--kind", "swamp"], "terrain kind 'swamp' is unknown", "kinds: flat, rough"),
        (["--level", "10"], "there is no level 10", "levels: 0 to 9"),
        (["--seed", "-1"], "seed -1", "0 or more"),
        (["--png", "x.png", "--kind", "gaps"], "the whole terrain or one tile", "both --kind and --level"),
        (["--png", "/nowhere/at/all.png"], "No such file or directory", "check the path"),
    ],
)
def test_wrong_usage_says_the_way_out(
    words: list[str], said: str, way_out: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["terrain", *words]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert said in told.err
    assert way_out in told.err
    assert not Path("x.png").exists()
