"""What files tell people to type, and where they say things are, exists."""

import re
from pathlib import Path

import pytest

from surefoot.cli import COMMANDS

ROOT = Path(__file__).parents[3]
TEXTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(ROOT / "docs").glob("*.md"),
    *(ROOT / "robots" / "surefoot_robots" / "specs").glob("*.yaml"),
]


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_commands_that_are_named_exist(path):
    named = re.findall(r"(?:`|/bin/|^)surefoot ([a-z]\w*)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= {command.name for command in COMMANDS}


def test_folders_of_tests_that_are_named_exist():
    named = re.findall(r"`(tests/\w+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert named
    for folder in named:
        assert (ROOT / folder).is_dir(), folder
