"""A real headless Chromium, driven over the DevTools protocol. Waits are for conditions."""

import base64
import contextlib
import itertools
import json
import shutil
import subprocess
from pathlib import Path

from real_processes import wait_for
from websockets.sync.client import connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
ANSWER_S = 60.0
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # tests may run as root, and open nothing but our own page
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--no-first-run",
    "--remote-debugging-port=0",
)
DRAWING = ("--enable-unsafe-swiftshader", "--use-angle=swiftshader")
"""WebGL without a GPU: it takes all the processors there are."""
NOT_DRAWING = ("--disable-3d-apis", "--disable-gpu")


class Browser:
    """One Chromium with a profile of its own."""

    def __init__(self, folder: Path, *, draws: bool = False) -> None:
        self._log = (folder / "chromium.log").open("wb")
        self.process = subprocess.Popen(
            [CHROMIUM, f"--user-data-dir={folder / 'profile'}", *FLAGS, *(DRAWING if draws else NOT_DRAWING)],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        port_file = folder / "profile" / "DevToolsActivePort"
        said = wait_for(lambda: port_file.exists() and port_file.read_text().splitlines()[1:] and port_file, "Chromium")
        port, path = said.read_text().splitlines()[:2]
        self._stack = contextlib.ExitStack()
        self._socket = self._stack.enter_context(
            connect(f"ws://127.0.0.1:{port}{path}", max_size=None, open_timeout=ANSWER_S, compression=None)
        )
        self._numbers = itertools.count(1)
        self.events: list[dict] = []

    def call(self, method: str, session: str | None = None, **parameters):
        """Ask, and wait for the answer; what happens meanwhile is kept."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": parameters}
        self._socket.send(json.dumps(message | ({"sessionId": session} if session else {})))
        while True:
            found = json.loads(self._socket.recv(timeout=ANSWER_S))
            if found.get("id") == number:
                assert "error" not in found, found
                return found["result"]
            self.events.append(found)

    def open(self, url: str, *, width: int = 1280, height: int = 900) -> "Tab":
        """A new tab."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = Tab(self, target, session)
        tab.size(width, height)
        tab.call("Page.navigate", url=url)
        return tab

    def close(self) -> None:
        self._stack.close()
        self.process.kill()
        self.process.wait()
        self._log.close()


class Tab:
    """A page in it."""

    def __init__(self, browser: Browser, target: str, session: str) -> None:
        self._browser, self._target, self._session = browser, target, session
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method: str, **parameters):
        return self._browser.call(method, self._session, **parameters)

    def size(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def value(self, expression: str):
        """What JavaScript says."""
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, expression: str):
        """The first true value; what is not there yet is not true."""
        tried = f"(() => {{ try {{ return {expression}; }} catch {{ return false; }} }})()"
        try:
            return wait_for(lambda: self.value(tried), expression)
        except AssertionError as error:
            raise AssertionError(f"{error}; the page: {self.value('document.body.innerText')!r}") from None

    def text(self, name: str) -> str:
        return self.value(f"document.getElementById({name!r}).textContent")

    def where(self, name: str) -> tuple[float, float]:
        """The middle of an element, once it has been brought into view."""
        script = (
            f"(() => {{ const e = document.querySelector({name!r}); e.scrollIntoView({{block: 'center'}});"
            " const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; })()"
        )
        x, y = self.value(script)
        return x, y

    def mouse(self, kind: str, place: tuple[float, float]) -> None:
        """The left button goes down, moves or comes up: mousePressed, mouseMoved, mouseReleased."""
        x, y = place
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", buttons=1, clickCount=1)

    def click(self, name: str) -> None:
        place = self.where(name)
        self.mouse("mousePressed", place)
        self.mouse("mouseReleased", place)

    def key(self, code: str, *, down: bool) -> None:
        key = code.removeprefix("Key").lower() if code.startswith("Key") else code.removeprefix("Digit")
        self.call("Input.dispatchKeyEvent", type="rawKeyDown" if down else "keyUp", code=code, key=key)

    def offline(self, *, is_off: bool) -> None:
        """Cut the page off from the server, or let it come back."""
        self.call(
            "Network.emulateNetworkConditions", offline=is_off, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )

    def picture(self, file: Path) -> None:
        data = self.call("Page.captureScreenshot", format="png")["data"]
        file.write_bytes(base64.b64decode(data))

    def complaints(self) -> list[str]:
        """Errors that the page's scripts or its policy have met."""
        self.value("1")  # what has happened until now has been heard of by then
        mine = [event for event in self._browser.events if event.get("sessionId") == self._session]
        thrown = [event["params"]["exceptionDetails"] for event in mine if event["method"] == "Runtime.exceptionThrown"]
        logged = [event["params"]["entry"] for event in mine if event["method"] == "Log.entryAdded"]
        errors = [entry for entry in logged if entry["level"] == "error"]
        return [json.dumps(found) for found in (*thrown, *errors)]

    def requested(self) -> list[str]:
        """Everything that the page has fetched."""
        self.value("1")
        mine = [event for event in self._browser.events if event.get("sessionId") == self._session]
        return [event["params"]["request"]["url"] for event in mine if event["method"] == "Network.requestWillBeSent"]

    def close(self) -> None:
        self._browser.call("Target.closeTarget", targetId=self._target)
