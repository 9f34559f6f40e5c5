"""Which modules `tools/mutate changed` takes, in a repository of its own and with a mutmut that only takes notes."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NOTES = """#!/bin/sh
[ "$1" = run ] && echo "$@" >"$(dirname "$0")/asked"
exit 0
"""


@pytest.fixture
def repository(tmp_path):
    """Two commits: the second one changes `gate`; and `clamps` is changed and not committed."""
    for folder in (
        "safety/surefoot_safety",
        "tests/helpers",
        "tests/unit/safety",
        "tests/property/safety",
        ".venv/bin",
    ):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "tools").mkdir()
    shutil.copy(ROOT / "tools/mutate", tmp_path / "tools")
    (tmp_path / "tools/mutants-accepted").write_text("none\n")
    for name in ("pyproject.toml", "tests/conftest.py", ".gitignore"):
        (tmp_path / name).write_text("build\n.venv\n" if name == ".gitignore" else "")
    (tmp_path / ".venv/bin/mutmut").write_text(NOTES)
    (tmp_path / ".venv/bin/mutmut").chmod(0o755)
    git(tmp_path, "init", "-q", "-b", "main")
    change(tmp_path, "gate", "clamps", "limits")
    commit(tmp_path)
    change(tmp_path, "gate")
    commit(tmp_path)
    change(tmp_path, "clamps")
    return tmp_path


def git(folder, *words):
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def change(folder, *modules):
    for module in modules:
        with (folder / f"safety/surefoot_safety/{module}.py").open("a") as file:
            file.write("A = 1\n")


def commit(folder):
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "a change")


def taken(folder, *words):
    found = subprocess.run(["tools/mutate", "changed", *words], cwd=folder, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    asked = folder / ".venv/bin/asked"
    if not asked.exists():
        return found.stdout
    return {word.split(".")[1] for word in asked.read_text().split() if word.startswith("surefoot_safety.")}


def test_without_an_origin_it_is_the_last_commit_and_what_is_not_committed(repository):
    assert taken(repository) == {"gate", "clamps"}


def test_a_branch_is_compared_with_where_it_left_the_origin(repository):
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    change(repository, "limits")
    commit(repository)
    assert taken(repository) == {"gate", "clamps", "limits"}


def test_what_the_origin_has_already_is_compared_with_the_commit_before(repository):
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert taken(repository) == {"gate", "clamps"}


def test_a_base_that_is_named(repository):
    assert taken(repository, "HEAD") == {"clamps"}
    assert sorted((repository / "build/mutate/src/surefoot_safety").iterdir())


def test_nothing_changed(repository):
    git(repository, "checkout", "-q", "--", "safety")
    assert taken(repository, "HEAD") == "no module of surefoot_safety differs from HEAD\n"
