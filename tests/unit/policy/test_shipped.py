"""The policies that come with Surefoot, and how they are called."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from surefoot_policy.runtime import Policy
from surefoot_policy.shipped import networks_file, policy_file, shipped_names
from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot

LARGEST_BYTES = 3_000_000  # what may be kept in git


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_may_run(name):
    policy = Policy.load(policy_file(Path(name)), load_robot(name.split("-")[0]))
    policy.warm_up()
    assert policy.contract.trained_with.task == name.partition("-")[2]


@pytest.mark.parametrize("name", shipped_names())
def test_a_shipped_policy_says_how_it_was_made_and_is_small(name):
    folder = policy_file(Path(name)).parent
    assert "surefoot train" in (folder / "README.md").read_text()
    assert networks_file(Path(name)).is_file()
    assert sum(file.stat().st_size for file in folder.iterdir()) < LARGEST_BYTES


def test_a_file_goes_before_a_name(tmp_path, monkeypatch):
    name = shipped_names()[0]
    monkeypatch.chdir(tmp_path)
    shutil.copy(policy_file(Path(name)), tmp_path / name)
    assert policy_file(Path(name)) == Path(name)


@pytest.mark.parametrize("what", ["run/policy", "policy.onnx"])
def test_a_path_that_is_not_there_is_left_to_its_reader(what):
    assert policy_file(Path(what)) == Path(what)


def test_an_unknown_name_gets_the_known_ones():
    with pytest.raises(SurefootError, match="no file 'go2-velocity-flt'") as refused:
        policy_file(Path("go2-velocity-flt"))
    assert all(name in refused.value.hint for name in shipped_names())
    assert "go2-velocity-flat" in shipped_names()
