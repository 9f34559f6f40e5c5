"""What files tell people to type, and where they say things are, exists."""

import importlib
import re
import shlex
from pathlib import Path

import pytest

from surefoot.cli import COMMANDS, main

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


def lines_of(path: Path) -> list[str]:
    """What is shown to be typed, in blocks of code; several commands on a line are several."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    typed = [
        part.strip() for block in blocks for line in block.replace("\\\n", " ").splitlines() for part in line.split(";")
    ]
    return [line.removeprefix(".venv/bin/") for line in typed if re.match(r"(\.venv/bin/)?surefoot ", line)]


SHOWN = [(path.name, line) for path in TEXTS for line in lines_of(path)]


@pytest.mark.parametrize(("page", "line"), SHOWN)
def test_commands_that_are_shown_are_understood(page, line, monkeypatch):
    """Every option and argument, by the command's own parser; what they do is tested elsewhere."""
    words = shlex.split(line, comments=True)[1:]
    (command,) = [command for command in COMMANDS if command.name == words[0]]
    ran = []
    monkeypatch.setattr(importlib.import_module(command.module), "run", lambda arguments: ran.append(arguments) or 0)
    assert main(words) == 0, page
    assert len(ran) == 1


def test_there_are_some():
    assert len(SHOWN) > 40


def test_folders_of_tests_that_are_named_exist():
    named = re.findall(r"`(tests/\w+)`", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert named
    for folder in named:
        assert (ROOT / folder).is_dir(), folder
