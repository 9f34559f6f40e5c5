from pathlib import Path

import pytest

from surefoot_training.run.config import RunConfig
from surefoot_training.task.tasks import TASKS
from surefoot_training.train import Order, train

SMALL = ("agent.hidden=16", "agent.critic_hidden=16", "ppo.steps=16", "ppo.minibatches=2")
ROBOTS, STEPS_PER_ITERATION = 8, 128


@pytest.fixture(scope="session")
def config() -> RunConfig:
    """Six iterations of a tiny run."""
    return RunConfig(TASKS["velocity-flat"], robots=ROBOTS, steps=6 * STEPS_PER_ITERATION).with_settings(SMALL)


@pytest.fixture(scope="session")
def undisturbed(config, tmp_path_factory) -> Path:
    """The folder of such a run that was never stopped."""
    folder = tmp_path_factory.mktemp("undisturbed")
    assert train(Order(folder, config)).finished
    return folder
