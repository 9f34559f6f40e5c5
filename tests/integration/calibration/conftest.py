"""Stacks of real processes, killed in the end."""

import pytest
from real_processes import Stack


@pytest.fixture
def start(tmp_path_factory):
    """Starts stacks; those that still run in the end are killed."""
    stacks = []

    def started(*words):
        # Short: sockets have short paths.
        stacks.append(Stack(tmp_path_factory.mktemp("r"), *words))
        return stacks[-1]

    yield started
    for stack in stacks:
        stack.close()
