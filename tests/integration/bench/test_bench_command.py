"""`surefoot bench sim` as its users run it; how fast it is is not this test's business."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "surefoot", "bench", "sim", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True)


SMALL = ("--robots", "8", "--threads", "1", "--rounds", "2", "--steps", "5")


def test_json_has_the_keys_others_rely_on() -> None:
    done = bench(*SMALL, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    result = json.loads(done.stdout)
    for task in ("flat", "rough"):
        figures = result[task]
        assert figures["engine_steps_per_s"] > 0
        assert figures["task_steps_per_s"] > 0
        assert figures["ratio_low"] <= figures["ratio"] <= figures["ratio_high"]
        assert figures["ratio_same_physics"] > 0
        assert set(figures["stage_us"]) > {"physics", "rewards", "sensors and observations"}
        assert all(cost >= 0 for cost in figures["stage_us"].values())
    # Bounds of sanity, not of speed: libraries alone are more than 50 MB.
    assert 0 < result["bytes_per_robot"] < 1e6
    assert 5e7 < result["bytes_of_4096_robots"] < 3e9


def test_tables_are_printed_for_people() -> None:
    done = bench(*SMALL, "--no-memory")
    assert done.returncode == 0, done.stderr
    assert "ratio" in done.stdout
    assert "sensors and observations" in done.stdout


@pytest.mark.parametrize("number", ["0", "x", "1.5"])
def test_nonsense_is_refused_as_wrong_usage(number: str) -> None:
    done = bench("--robots", number)
    assert done.returncode == 2
    assert f"argument --robots: {number} is not a positive number" in done.stderr
