import pytest

from surefoot_training.run.config import RunConfig
from surefoot_training.task.tasks import TASKS


@pytest.fixture
def config() -> RunConfig:
    return RunConfig(TASKS["velocity-flat"], robots=8, steps=1000)
