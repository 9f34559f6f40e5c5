"""Stacks, consoles beside them and pages, all ended in the end."""

import pytest
from console_page import Console, Page
from real_processes import Stack


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A stack that waits for its console, for all tests that break neither; a page resets what it was left in."""
    yield from _beside(tmp_path_factory, lambda started: started("--driver", "pretend", "--console"))


@pytest.fixture
def beside(tmp_path_factory):
    """A stack of one's own, as it is asked for, and a console beside it."""
    yield from _beside(tmp_path_factory, lambda started: started)


def _beside(tmp_path_factory, give):
    made = []

    def started(*words, console=()):
        stack = Stack(tmp_path_factory.mktemp("r"), *words)  # short: sockets have short paths
        made.append(stack)
        made.append(Console(stack.root, *console))
        return tuple(made[-2:])

    yield give(started)
    for each in reversed(made):
        each.close()


@pytest.fixture
def pages():
    """Opens pages."""
    opened = []

    def opened_of(console, **keywords):
        opened.append(Page(console, **keywords))
        return opened[-1]

    yield opened_of
    for page in opened:
        page.close()
