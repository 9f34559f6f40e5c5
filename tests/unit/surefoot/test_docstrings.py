"""What is shown of docstrings."""

from dataclasses import dataclass

from surefoot.docstrings import cited_sources, field_docstrings, first_line


@dataclass(frozen=True)
class Gait:
    """How it walks."""

    frequency_hz: float = 2.0
    """Cycles per second,
    on two lines."""

    duty_factor: float = 0.5
    swing_s: float = 0.25
    """While the foot is up."""

    @property
    def stance_s(self) -> float:
        """No field, so not asked for."""
        return 1.0 / self.frequency_hz - self.swing_s


def test_the_strings_below_fields_are_found_and_joined_to_one_line():
    assert field_docstrings(Gait) == {
        "frequency_hz": "Cycles per second, on two lines.",
        "swing_s": "While the foot is up.",
    }


def test_the_first_line_of_a_docstring_or_nothing():
    def documented() -> None:
        """Walks.

        And more of it.
        """

    assert first_line(documented) == "Walks."
    assert first_line(lambda: None) == ""


def test_only_what_is_cited_is_explained_in_the_order_of_the_bibliography():
    bibliography = """Terms [N] per robot.

    Sources: [paper] arXiv 1234.5678,
    table 2; [2] its code, utils.py, [3] nobody's.
    """
    texts = ["sum of squares [2, after a correction]", "[paper] and `[paper] again`", "no source"]
    assert list(cited_sources(bibliography, texts).items()) == [
        ("paper", "arXiv 1234.5678, table 2"),
        ("2", "its code, utils.py"),
    ]


def test_without_a_docstring_nothing_is_explained():
    assert cited_sources(None, ["[paper]"]) == {}
