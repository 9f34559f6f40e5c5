"""What docs/other-learners.md shows runs as it is shown, with fewer robots and steps."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from surefoot_robots.loader import load_robot
from surefoot_training.interop.observation import ObservationLayout
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.tasks import TASKS

PAGE = (Path(__file__).parents[3] / "docs" / "other-learners.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
SMALL = {"rsl_rl": "ROBOTS, STEPS, ITERATIONS = 4, 8, 2", "gymnasium": "ROBOTS, STEPS = 4, 30"}


def run(snippet: str, size: str) -> dict[str, Any]:
    text, replaced = re.subn(r"^ROBOTS,.*$", size, snippet, flags=re.MULTILINE)
    assert replaced == 1
    names: dict[str, Any] = {}
    exec(compile(text, "other-learners.md", "exec"), names)
    return names


@pytest.fixture
def snippets():
    found = {
        library: [text for text in SNIPPETS if f"import {library}" in text or f"from {library}" in text]
        for library in SMALL
    }
    assert [len(texts) for texts in found.values()] == [1, 1]
    assert len(SNIPPETS) == 2
    return {library: texts[0] for library, texts in found.items()}


def test_the_snippet_for_rsl_rl_trains_and_saves(snippets, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run(snippets["rsl_rl"], SMALL["rsl_rl"])
    assert names["runner"].current_learning_iteration == 1
    assert (tmp_path / "policy.pt").stat().st_size > 100_000


def test_the_snippet_for_gymnasium_steps_and_closes(snippets):
    names = run(snippets["gymnasium"], SMALL["gymnasium"])
    assert names["observations"].shape == (4, 47)
    assert names["envs"].unwrapped.closed


def test_the_table_of_columns_is_the_layout():
    rows = re.findall(r"^\| `(\w+)`(?:: [\w ]+)? \| (\d+) \| ([\w ]*?) ?\| ([\d.]+) \|$", PAGE, flags=re.MULTILINE)
    layout = ObservationLayout(TASKS["velocity-flat"], load_robot("go2"), MujocoBatch.arrays)
    expected = [
        (block.name, str(block.size), "default pose" if block.offset else "", f"{block.scale:g}")
        for block in layout.policy
    ]
    assert rows == expected
    assert f"expects these {layout.policy_size} columns" in PAGE
