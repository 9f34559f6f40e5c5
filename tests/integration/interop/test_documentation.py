"""docs/other-learners.md says what is so; that its snippets run is tests/integration/test_docs.py's matter."""

from __future__ import annotations

import re
from pathlib import Path

from surefoot_robots.loader import load_robot
from surefoot_training.interop.observation import ObservationLayout
from surefoot_training.sim.mujoco_batch import MujocoBatch
from surefoot_training.task.tasks import TASKS

PAGE = (Path(__file__).parents[3] / "docs" / "other-learners.md").read_text(encoding="utf-8")


def test_the_table_of_columns_is_the_layout():
    rows = re.findall(r"^\| `(\w+)`(?:: [\w ]+)? \| (\d+) \| ([\w ]*?) ?\| ([\d.]+) \|$", PAGE, flags=re.MULTILINE)
    layout = ObservationLayout(TASKS["velocity-flat"], load_robot("go2"), MujocoBatch.arrays)
    expected = [
        (block.name, str(block.size), "default pose" if block.offset else "", f"{block.scale:g}")
        for block in layout.policy
    ]
    assert rows == expected
    assert f"expects these {layout.policy_size} columns" in PAGE
