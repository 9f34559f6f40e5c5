from dataclasses import dataclass, field

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.settings import SettingRow, Span, about, check, rows


@dataclass(frozen=True, slots=True)
class Config:
    mass_kg: Span = field(default=(1.0, 2.0), metadata=about("kg", "payload", source="a scale", at_least=0.5))
    share: float = field(default=0.1, metadata=about("1", "some part", source="a paper", at_least=0.0, at_most=1.0))
    count: int = field(default=3, metadata=about("1", "how many", source="own choice", at_most=9))
    angle_rad: float = field(default=0.0, metadata=about("rad", "any angle", source="own choice"))
    name: str = "not a setting"

    def __post_init__(self):
        check(self)


def test_rows_show_every_setting_as_a_range():
    assert rows(Config(mass_kg=(0.5, 3.0)))[:2] == [
        SettingRow("mass_kg", 0.5, 3.0, "kg", "uniform", "payload", "a scale"),
        SettingRow("share", 0.1, 0.1, "1", "fixed", "some part", "a paper"),
    ]
    assert [row.name for row in rows(Config())] == ["mass_kg", "share", "count", "angle_rad"]


@pytest.mark.parametrize(
    ("values", "problem", "valid"),
    [
        ({"mass_kg": (2.0, 1.0)}, "mass_kg (2.0, 1.0) has its highest value first", "at least 0.5"),
        ({"mass_kg": (0.1, 1.0)}, "mass_kg (0.1, 1.0) is out of bounds", "at least 0.5"),
        ({"mass_kg": (1.0, float("inf"))}, "mass_kg (1.0, inf) is not a finite number", "at least 0.5"),
        ({"mass_kg": 1.0}, "mass_kg 1.0 is not a pair", "(lowest, highest) in kg, payload"),
        ({"mass_kg": (1.0, 2.0, 3.0)}, "is not a pair", "(lowest, highest)"),
        ({"mass_kg": ("1", "2")}, "is not a finite number", "at least 0.5"),
        ({"share": 1.5}, "Config: share 1.5 is out of bounds", "0 to 1"),
        ({"share": float("nan")}, "share nan is not a finite number", "one number in 1, some part"),
        ({"share": True}, "share True is not a finite number", "0 to 1"),
        ({"count": 2.5}, "count 2.5 is not a whole number", "at most 9"),
        ({"angle_rad": None}, "angle_rad None is not a finite number", "any finite value"),
    ],
)
def test_check_names_field_value_and_what_is_valid(values, problem, valid):
    with pytest.raises(SurefootError) as caught:
        Config(**values)
    assert problem in str(caught.value)
    assert valid in caught.value.hint


def test_check_takes_whole_numbers_for_real_ones():
    assert Config(share=1, mass_kg=(1, 1)).share == 1
