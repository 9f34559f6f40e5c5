"""The console's server: the page's files over HTTP, and one WebSocket for each page, on one port of one process."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import time
from collections import deque
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request as HttpRequest
from websockets.http11 import Response

from surefoot.console.access import host_fault, is_token, origin_fault
from surefoot.console.desk import Desk
from surefoot.console.messages import MOST_BYTES, Ask, Beat, Hello, Stop, parse
from surefoot.operating import PAGE
from surefoot.output import to_json
from surefoot_safety.mode import Mode, Request
from surefoot_safety.process.asking import Asker
from surefoot_safety.process.requests import Answer

TICK_S = 0.025
FRAME_TICKS = 2
"""20 frames a second."""
MOST_PAGES, MOST_STRANGERS = 8, 8
MOST_SAYINGS = 64
"""On their way to pages: one that says nonsense and does not listen must not fill the memory."""
HELLO_S = 10.0
ANSWER_S = 1.0
RELEASED_S = 0.6
"""After a release the supervisor hears of it with the next check-in or the one after: then a reset is not refused."""
MOST_UNANSWERED = 6
"""Frames on their way: as many as are shown while an answer counts. Buffers between here and a page hold minutes of
them, and a page that lags must not show as live what was long ago: it misses frames instead."""
TOO_MANY = 1013, "too many pages are open"
NO_TOKEN = 1008, "the token is missing or wrong"
"""RFC 6455, 7.4.1: the page tells them apart by the number."""
SOCKET = "/ws"
THREE = "three-0.183.0"
KINDS = {
    ".svg": "image/svg+xml",
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
FILES = {
    "/": "index.html",
    "/console.css": "console.css",
    "/icon.svg": "icon.svg",
    **{f"/{name}.js": f"{name}.js" for name in ("console", "drive", "plots", "view")},
    **{f"/{THREE}/{name}.js": f"{THREE}/{name}.js" for name in ("three.module.min", "three.core.min")},
}
POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{what}-src 'self'" for what in ("script", "style", "connect", "img")),
        *("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
Work: TypeAlias = Coroutine[None, None, None]
quiet = logging.getLogger("surefoot.console.websockets")
quiet.addHandler(logging.NullHandler())
quiet.propagate = False  # strangers' broken handshakes are no news


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server listens, and what it asks of visitors."""

    address: str
    port: int
    token: str
    names: Collection[str] = ()
    """By which it may be called besides its addresses."""


@dataclass(slots=True)
class Page:
    """One connection. Frames that it cannot take yet are replaced by newer ones."""

    number: int
    connection: ServerConnection
    events_to: int = 0
    newest: dict[str, object] | None = None
    is_asking: bool = False
    unanswered: deque[str] = field(default_factory=deque)
    """Numbers of the frames that it has been sent and has not answered."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def answered(self, number: str) -> None:
        """It has seen this frame, and with it those before."""
        while number in self.unanswered:
            self.unanswered.popleft()


class ConsoleServer:
    """Serves pages and keeps the desk going."""

    def __init__(self, desk: Desk, asker: Asker, robot: dict[str, object], place: Place) -> None:
        self._desk, self._asker, self._robot, self._place = desk, asker, robot, place
        self._files = {path: _file(name) for path, name in FILES.items()}
        self._pages: dict[int, Page] = {}
        self._strangers: deque[ServerConnection] = deque()
        self._numbers = itertools.count(1)
        self._thread = ThreadPoolExecutor(1, "asking")  # one: requests go one after the other
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self, is_over: Callable[[], bool], listening: Callable[[int], None]) -> None:
        """Serve until it is over."""
        async with serve(
            self._serve,
            self._place.address,
            self._place.port,
            process_request=self._http,
            compression=None,
            max_size=MOST_BYTES,
            max_queue=16,
            server_header=None,
            open_timeout=HELLO_S,
            close_timeout=1.0,
            logger=quiet,
        ) as server:
            listening(_port_of(server))
            await self._loop(is_over)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _loop(self, is_over: Callable[[], bool]) -> None:
        due_s = time.monotonic()
        for tick in itertools.count():
            if is_over():
                return
            now_s = time.monotonic()
            self._guarded(self._desk.tick, now_s)
            if tick % FRAME_TICKS == 0 and self._pages:
                self._guarded(self._show, now_s)
            due_s = max(due_s + TICK_S, now_s)  # what was missed is not made up for
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def _guarded(self, work: Callable[[float], None], now_s: float) -> None:
        try:
            work(now_s)
        except Exception as error:  # whatever it is: pages must be able to stop the robot
            self._desk.failed(error)

    def _show(self, now_s: float) -> None:
        frame = self._desk.frame(now_s)
        for page in self._pages.values():
            page.newest = frame
            page.wake.set()

    def _http(self, connection: ServerConnection, request: HttpRequest) -> Response | None:
        """A file, or on with the WebSocket's handshake, or a refusal."""
        headers = request.headers
        hosts = headers.get_all("Host")
        host = hosts[0] if len(hosts) == 1 else None
        fault = host_fault(host, self._place.names)
        path = request.path.partition("?")[0]
        if not fault and path == SOCKET:
            origins = headers.get_all("Origin")
            fault = origin_fault(origins[0] if len(origins) == 1 else None, host)
            if not fault:
                return None
        if fault:
            return _response(HTTPStatus.FORBIDDEN, f"{fault}\n".encode(), ".txt", cached=False)
        if path not in self._files:
            return _response(HTTPStatus.NOT_FOUND, b"there is no such page\n", ".txt", cached=False)
        return _response(HTTPStatus.OK, self._files[path], Path(FILES[path]).suffix, cached=THREE in path)

    async def _serve(self, connection: ServerConnection) -> None:
        if len(self._strangers) >= MOST_STRANGERS:  # the newest may be there to stop the robot: the oldest goes
            self._start(self._strangers.popleft().close(*TOO_MANY))
        with contextlib.suppress(ConnectionClosed):
            if await self._greeted(connection):
                if len(self._pages) >= MOST_PAGES:
                    await connection.close(*TOO_MANY)
                else:
                    await self._page(Page(next(self._numbers), connection))

    async def _greeted(self, connection: ServerConnection) -> bool:
        """Whether somebody has said the token. Who has not can stop the robot, and nothing else."""
        self._strangers.append(connection)
        try:
            async with asyncio.timeout(HELLO_S):
                async for data in connection:
                    message = parse(data)
                    match message:
                        case Hello(token) if is_token(token, self._place.token):
                            return True
                        case Stop():
                            self._desk.stop("a page without the token", Request.STOP, time.monotonic())
                            await connection.send(json.dumps({"kind": "said", "text": "STOP was sent"}))
                        case _:
                            await connection.close(*NO_TOKEN)
                            return False
        except TimeoutError:
            await connection.close(*NO_TOKEN)
        finally:
            with contextlib.suppress(ValueError):
                self._strangers.remove(connection)
        return False

    async def _page(self, page: Page) -> None:
        self._pages[page.number] = page
        sender = asyncio.create_task(self._send(page))
        self._desk.join(page.number, time.monotonic())
        try:
            async for data in page.connection:
                self._take(page, data)
        finally:
            del self._pages[page.number]
            self._desk.leave(page.number, time.monotonic())
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionClosed):
                await sender

    def _take(self, page: Page, data: str | bytes) -> None:
        message = parse(data)
        if isinstance(message, str):
            self._say(page, f"not understood: {message}")
        elif isinstance(message, Ask):
            self._begin_asking(page, message.request)
        else:
            if isinstance(message, Beat):
                page.answered(message.answer)
            told = self._desk.take(page.number, message, time.monotonic())
            if told:
                self._say(page, told)

    async def _send(self, page: Page) -> None:
        welcome = {"kind": "welcome", "page": page.number, "robot": self._robot}
        await page.connection.send(json.dumps(to_json(welcome), allow_nan=False))
        while True:
            await page.wake.wait()
            page.wake.clear()
            if page.newest is None or len(page.unanswered) >= MOST_UNANSWERED:
                continue
            newest, page.newest = page.newest, None
            page.unanswered.append(str(newest["beat"]))
            events = self._desk.events.after(page.events_to)
            page.events_to = events[-1].number if events else page.events_to
            frame = {**newest, "you": page.number, "pages": len(self._pages), "events": events}
            await page.connection.send(json.dumps(to_json(frame), allow_nan=False))

    def _say(self, page: Page, text: str) -> None:
        if len(self._tasks) < MOST_SAYINGS:
            self._start(page.connection.send(json.dumps({"kind": "said", "text": text})))

    def _begin_asking(self, page: Page, request: Request) -> None:
        refusal = self._desk.refusal(page.number, time.monotonic())
        if refusal:
            self._say(page, refusal)
        elif page.is_asking:
            self._say(page, "one request at a time")
        else:
            page.is_asking = True
            self._start(self._ask(page, request))

    async def _ask(self, page: Page, request: Request) -> None:
        try:
            if request is Request.RESET:
                await self._released()
            answer = await self._answer(request)
            if answer is None:
                text = f"{request.value}: the supervisor does not answer"
            elif request is Request.RESET and answer.refusal and answer.mode is Mode.OFF:
                text = "reset: nothing is latched; this console's stop is released"
            else:
                text = answer.refusal or f"{request.value}: followed"
            self._desk.note("said" if answer and not answer.refusal else "warn", text)
        finally:
            page.is_asking = False

    async def _answer(self, request: Request) -> Answer | None:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._asker.ask, request, ANSWER_S)

    async def _released(self) -> None:
        """Release this console's stop, and give the supervisor time to hear of it."""
        self._desk.endpoint.release()
        end_s = time.monotonic() + RELEASED_S
        while time.monotonic() < end_s:
            await asyncio.sleep(TICK_S)
            status = self._desk.status
            if status is not None and f"{PAGE} asks for" not in status.estop_reasons:
                return

    def _start(self, work: Work) -> None:
        task = asyncio.create_task(_unbothered(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _unbothered(work: Work) -> None:
    """A page that has gone meanwhile is nobody's fault."""
    with contextlib.suppress(ConnectionClosed):
        await work


def _file(name: str) -> bytes:
    return (files("surefoot.console") / "static" / name).read_bytes()


def _response(status: HTTPStatus, body: bytes, suffix: str, *, cached: bool) -> Response:
    headers = Headers(
        {
            "Content-Type": KINDS.get(suffix, "text/plain; charset=utf-8"),
            "Content-Length": str(len(body)),
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "max-age=31536000, immutable" if cached else "no-store",
            "Connection": "close",
        }
    )
    return Response(status.value, status.phrase, headers, body)


def _port_of(server: Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])
