import json
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import numpy as np
import pytest

from surefoot import output


@dataclass(frozen=True)
class Speed:
    vx_mps: float
    where: Path


class Pace(Enum):
    TROT = "trot"


def printed(capsys, result: dict[str, object]) -> object:
    output.print_json(result)
    text = capsys.readouterr().out
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def test_json_takes_what_our_results_are_made_of(capsys):
    result = {
        "ok": True,
        "nothing": None,
        "speed": Speed(0.5, Path("runs/a")),
        "pace": Pace.TROT,
        "float32": np.float32(0.25),
        "float64": np.float64(0.5),
        "count": np.int64(3),
        "flag": np.bool_(False),
        "array": np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32),
        "tuple": (1, "two"),
    }
    assert printed(capsys, result) == {
        "ok": True,
        "nothing": None,
        "speed": {"vx_mps": 0.5, "where": "runs/a"},
        "pace": "trot",
        "float32": 0.25,
        "float64": 0.5,
        "count": 3,
        "flag": False,
        "array": [[1.0, 2.0], [3.0, 4.0]],
        "tuple": [1, "two"],
    }


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), np.float32("nan"), np.float64("inf")])
def test_what_is_no_number_becomes_null(capsys, value: float):
    assert printed(capsys, {"ratio": value, "inside": [1.0, value]}) == {"ratio": None, "inside": [1.0, None]}


def test_numbers_keep_full_precision(capsys):
    assert printed(capsys, {"x": 0.1 + 0.2}) == {"x": 0.1 + 0.2}


@pytest.mark.parametrize(("result", "named"), [({"x": {1, 2}}, "set"), ({"x": object()}, "object"), ({1: "x"}, "int")])
def test_what_json_cannot_say_is_an_error_that_names_it(result: dict, named: str):
    with pytest.raises(TypeError, match=named):
        output.print_json(result)


def test_a_plain_table_is_aligned_numbers_to_the_right(capsys):
    rows = [("base", 6.921, "URDF"), ("calf", 0.25, None), ("thigh", np.float32(10.5), "MJCF [1]")]
    output.print_table(["link", "kg", "source"], rows, title="masses")
    assert capsys.readouterr().out == (
        "masses\nlink      kg  source\nbase   6.921  URDF\ncalf    0.25\nthigh   10.5  MJCF [1]\n"
    )


def test_on_a_terminal_rich_draws_it_and_brackets_are_no_markup(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    output.print_table(["link", "source"], [("base", "MJCF [red]")], title="masses [kg]")
    shown = capsys.readouterr().out
    assert "MJCF [red]" in shown
    assert "masses [kg]" in shown
    assert "─" in shown or "━" in shown


def test_a_row_of_the_wrong_length_is_refused():
    with pytest.raises(ValueError, match="a row of 1 cells for 2 columns"):
        output.print_table(["link", "kg"], [("base",)])


def test_a_table_without_rows_shows_its_columns(capsys):
    output.print_table(["link", "kg"], [])
    assert capsys.readouterr().out == "link  kg\n"
