"""What pages point to is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_linked_exist(page):
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_every_page_can_be_come_to():
    linked = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    assert [page.name for page in PAGES[2:] if f"{page.name})" not in linked] == []


@pytest.mark.parametrize("name", ["adding-a-robot.md", "adding-a-reward.md"])
def test_files_and_folders_that_are_named_exist(name):
    """Names of a new robot's own files aside."""
    text = (ROOT / "docs" / name).read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:tests|robots|safety|training|ros2_ws)/[\w/.]*\w", text))
    assert len(named) > 2
    assert [path for path in named if "my_robot" not in path and not (ROOT / path).exists()] == []
