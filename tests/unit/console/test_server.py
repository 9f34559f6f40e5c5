"""The server with a desk of its own and no robot, over real connections."""

import asyncio
import contextlib
import json
import time
from collections import deque
from datetime import UTC, datetime

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from surefoot.console import recorder
from surefoot.console.desk import AWAY, WATCHES, Desk, Options
from surefoot.console.seat import FRESH_S, NOTHING
from surefoot.console.server import MOST_SAYINGS, MOST_STRANGERS, ConsoleServer, Page, Place
from surefoot_control.driving import Speeds
from surefoot_robots.loader import load_robot
from surefoot_safety.mode import Request
from surefoot_safety.process.asking import Asker

TOKEN = "0123456789abcdef"


@pytest.fixture
def root(tmp_path_factory):
    return tmp_path_factory.mktemp("r")  # short: sockets have short paths


@pytest.fixture
def desk(root):
    made = Desk(root / "go2", load_robot("go2"), Options(Speeds(), root, None, root, False), time.time)
    yield made
    made.close()


@pytest.fixture
def asker(root):
    made = Asker(root / "go2")
    yield made
    made.close()


def serving(desk, asker, visit):
    """What came of a visit to a server that runs for as long as it takes."""

    async def both():
        port, ended = asyncio.get_running_loop().create_future(), asyncio.Event()
        server = ConsoleServer(desk, asker, {}, Place("127.0.0.1", 0, TOKEN))
        running = asyncio.create_task(server.run(ended.is_set, port.set_result))
        await asyncio.wait({running, port}, return_when=asyncio.FIRST_COMPLETED)
        try:
            return await visit(port.result(), running)
        finally:
            ended.set()
            await running

    return asyncio.run(both())


def opened(port):
    return connect(f"ws://127.0.0.1:{port}/ws", origin=f"http://127.0.0.1:{port}", compression=None)


def test_many_who_only_occupy_it_keep_nobody_from_stopping(desk, asker):
    async def visit(port, _running):
        async with contextlib.AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(opened(port)) for _ in range(MOST_STRANGERS)]
            newest = await stack.enter_async_context(opened(port))
            await newest.send(json.dumps({"kind": "stop", "request": "stop"}))
            said = json.loads(await newest.recv())
            with pytest.raises(ConnectionClosed):
                await idle[0].recv()
            return said, idle[0].close_code, desk.endpoint.is_pressed

    assert serving(desk, asker, visit) == ({"kind": "said", "text": "STOP was sent"}, 1013, True)


def test_what_nobody_foresaw_ends_no_server_and_is_told_once(desk, asker, monkeypatch):
    ticks = []

    def tick(now_s):
        ticks.append(now_s)
        raise ZeroDivisionError("of a test")

    monkeypatch.setattr(desk, "tick", tick)

    async def visit(port, running):
        while len(ticks) < 3 and not running.done():
            await asyncio.sleep(0)
        async with opened(port) as page:
            await page.send(json.dumps({"kind": "stop", "request": "stop"}))
            await page.recv()

    serving(desk, asker, visit)
    assert desk.endpoint.is_pressed
    texts = [event.text for event in desk.events.after(0)]
    assert texts == ["the console fails: ZeroDivisionError: of a test", "STOP by a page without the token"]


def test_a_flood_of_stops_leaves_the_history(desk):
    desk.note("stop", "tilted too far")
    for _ in range(1000):
        desk.stop("a page without the token", Request.STOP, 0.0)
    assert [event.text for event in desk.events.after(0)] == ["tilted too far", "STOP by a page without the token"]


def test_a_page_that_says_nonsense_and_does_not_listen_fills_no_memory(desk, asker):
    class Deaf:
        async def send(self, _text):
            await asyncio.Event().wait()

    async def flood():
        server = ConsoleServer(desk, asker, {}, Place("127.0.0.1", 0, TOKEN))
        page = Page(1, Deaf(), unanswered=deque())
        for _ in range(10 * MOST_SAYINGS):
            server._take(page, "nonsense")
        return len(server._tasks)

    assert asyncio.run(flood()) == MOST_SAYINGS


def test_a_request_that_was_held_back_on_its_way_is_not_handed_on(desk):
    desk.join(1, 0.0)
    assert desk.refusal(1, 0.0) == AWAY
    desk.seat.beat(1, desk.seat.show(0.0), NOTHING, 0.0)
    assert desk.refusal(1, 0.1) == ""
    assert desk.refusal(2, 0.1) == WATCHES
    assert desk.refusal(1, 0.1 + FRESH_S) == AWAY


def test_who_comes_has_the_controls_if_nobody_is_there_who_has(desk):
    desk.join(1, 0.0)
    desk.join(2, 0.5)
    assert desk.seat.page == 1
    desk.seat.beat(1, desk.seat.show(0.9), NOTHING, 0.9)
    desk.tick(1.0)
    desk.join(3, 1.5)
    assert desk.seat.page == 1
    desk.join(4, 2.1)
    assert desk.seat.page == 4
    desk.leave(1, 2.2)
    assert desk.seat.page == 4


def test_a_recording_that_cannot_begin_loses_no_page(tmp_path, monkeypatch):
    made = recorder.Recorder(tmp_path, tmp_path, tmp_path, robot="go2", stamped=False)
    monkeypatch.setattr(made, "why_not", lambda: "")

    def full(*_words, **_keywords):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recorder.subprocess, "Popen", full)
    assert made.begin(datetime.now(UTC)) == "not recording: No space left on device"
    assert not made.state.on
    monkeypatch.setattr(recorder.tempfile, "TemporaryFile", full)
    assert made.begin(datetime.now(UTC)) == "not recording: No space left on device"
    made.close()
