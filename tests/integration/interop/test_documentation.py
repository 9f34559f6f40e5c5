"""What docs/other-learners.md shows runs as it stands, and its table is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from surefoot_robots.loader import load_robot
from surefoot_training.interop.observation import ObservationLayout
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.tasks import TASKS

PAGE = (Path(__file__).parents[3] / "docs" / "other-learners.md").read_text(encoding="utf-8")
SNIPPETS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def run(library: str) -> dict[str, Any]:
    """The names that the one snippet for `library` leaves behind."""
    (snippet,) = [text for text in SNIPPETS if re.search(rf"^(import|from) {library}\b", text, flags=re.MULTILINE)]
    names: dict[str, Any] = {}
    exec(compile(snippet, "other-learners.md", "exec"), names)
    return names


def test_every_snippet_is_run_here():
    assert len(SNIPPETS) == 2


def test_the_snippet_for_rsl_rl_trains_and_saves(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("rsl_rl")
    assert names["runner"].current_learning_iteration == 1
    assert (tmp_path / "policy.pt").stat().st_size > 100_000


def test_the_snippet_for_gymnasium_steps_and_closes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names = run("gymnasium")
    assert names["observations"].shape == (16, 47)
    assert names["envs"].unwrapped.closed


def test_every_snippet_keeps_what_blows_up():
    for snippet in SNIPPETS:
        assert "dump_folder=" in snippet


def test_the_table_of_columns_is_the_layout():
    rows = re.findall(r"^\| `(\w+)`(?:: [\w ]+)? \| (\d+) \| ([\w ]*?) ?\| ([\d.]+) \|$", PAGE, flags=re.MULTILINE)
    layout = ObservationLayout(TASKS["velocity-flat"], load_robot("go2"), MujocoBatch.arrays)
    expected = [
        (block.name, str(block.size), "default pose" if block.offset else "", f"{block.scale:g}")
        for block in layout.policy
    ]
    assert rows == expected
    assert f"expects these {layout.policy_size} columns" in PAGE
