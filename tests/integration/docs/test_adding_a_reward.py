"""docs/adding-a-reward.md: its example is a reward, and can be weighed, kept and trained with as it says."""

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest

from surefoot_training.run.config import RunConfig, config_from_json, config_to_json
from surefoot_training.task import rewards
from surefoot_training.task.tasks import make_environment, task_named
from surefoot_training.task.terms import RewardTerm

PAGE = (Path(__file__).parents[3] / "docs" / "adding-a-reward.md").read_text(encoding="utf-8")
FUNCTION, ROW, CASES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
NAME = "narrow_stance"


@dataclass(frozen=True)
class Case:
    """As in `tests/unit/task/test_rewards.py`."""

    inputs: dict
    expected: list
    parameters: dict = field(default_factory=dict)


def feet(fl=(0.0, 0.0, 0.0), fr=(0.0, 0.0, 0.0), rl=(0.0, 0.0, 0.0), rr=(0.0, 0.0, 0.0)):
    return [list(map(float, foot)) for foot in (fl, fr, rl, rr)]


@pytest.fixture
def written(monkeypatch):
    """As if it stood in `rewards.py`."""
    names = dict(vars(rewards))
    exec(compile(FUNCTION, "adding-a-reward.md", "exec"), names)
    monkeypatch.setattr(rewards, NAME, names[NAME], raising=False)


@pytest.fixture
def task(written):
    """The flat task with its line in the table."""
    row = eval(ROW, {"RewardTerm": RewardTerm, "rewards": rewards})
    flat = task_named("velocity-flat")
    return replace(flat, rewards=(*flat.rewards, row))


def test_its_numbers_are_right(written):
    cases = eval(CASES, {"Case": Case, "feet": feet})[NAME]
    for case in cases:
        inputs = {name: np.array(values, dtype=np.float32) for name, values in case.inputs.items()}
        value = rewards.narrow_stance(**inputs, **case.parameters)
        assert value.dtype == np.float32
        np.testing.assert_allclose(value, case.expected, atol=1e-6)


def test_it_is_set_and_kept_as_any_other(task):
    settings = re.findall(r"task\.rewards\.narrow_stance[\w.]*=[\d.-]*\d", PAGE)
    assert len(set(settings)) == 3
    for setting in settings:
        run = RunConfig(task, steps=1).with_settings([setting])
        assert run != RunConfig(task, steps=1)
        assert config_from_json(config_to_json(run)) == run


def test_its_weight_is_felt(task):
    """A step of the same robots costs more when feet must be further apart than legs are long."""
    before = make_environment("velocity-flat", 2)
    wide = replace(task.rewards[-1], parameters={"least_m": 2.0})
    after = make_environment(replace(task, rewards=(*task.rewards[:-1], wide)), 2)
    still = np.zeros((2, 12), dtype=np.float32)
    lost = before.step(before.joint_target_of(still)).reward - after.step(after.joint_target_of(still)).reward
    # Pairs about 0.3 m apart lack some 1.7 m each, at -2 a second and m, in a step of 0.02 s.
    assert ((lost > 2 * 1.5 * 2 * 0.02) & (lost < 2 * 2.0 * 2 * 0.02)).all()
