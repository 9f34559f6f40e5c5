"""The console's process, a page of it without a browser, and a connection between them that can be cut."""

import contextlib
import json
import select
import signal
import socket
import subprocess
import sys
import threading

from real_processes import wait_for
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

STILL = (0.0, 0.0, 0.0)
WAYS = {"off": "arm", "damped": "stand", "sitting": "stand", "standing": "crawl", "stopped": "reset"}
"""What brings the robot from a mode towards walking without a policy."""


class Console:
    """`surefoot console` beside a stack."""

    def __init__(self, root, *words):
        self._log = (root / "console.log").open("w+b")
        command = [sys.executable, "-m", "surefoot", "console", "--run-dir", str(root / "run"), "--robot", "go2"]
        self.process = subprocess.Popen(
            [*command, "--port", "0", "--json", "--recordings", str(root), "--seconds", "900", *words],
            stdout=subprocess.PIPE,
            stderr=self._log,
            start_new_session=True,
        )
        line = self.process.stdout.readline()
        assert line, (root / "console.log").read_text()
        told = json.loads(line)
        self.url, self.port, self.token = told["url"], told["port"], told["token"]

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.kill()
        self.process.stdout.close()
        self._log.close()


class Page:
    """Answers every frame as the page's script does, with what is held."""

    def __init__(self, console, token=None):
        self._stack = contextlib.ExitStack()
        self.socket = self._stack.enter_context(open_socket(console.port))
        self.frame, self.said, self.events, self.welcome, self.closed = None, [], [], None, False
        self.hold, self.answers = STILL, True
        self.say(kind="hello", token=console.token if token is None else token)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        with contextlib.suppress(ConnectionClosed):
            while True:
                message = json.loads(self.socket.recv())
                if message["kind"] == "welcome":
                    self.welcome = message
                elif message["kind"] == "said":
                    self.said.append(message["text"])
                else:
                    self.frame = message
                    self.events += message["events"]
                    if self.answers:
                        self.say(kind="beat", answer=message["beat"], hold=list(self.hold))
        self.closed = True

    def say(self, **message):
        self.socket.send(json.dumps(message))

    def until(self, condition, what):
        return wait_for(lambda: self.frame and condition(self.frame), f"{what}; {self.frame}; {self.said}")

    def to(self, mode):
        """Bring the robot there as an operator does; what a busy machine breaks is begun anew."""

        def there():
            found = self.frame["mode"]
            if found != mode and WAYS.get(found) in self.frame["allowed"] and self.frame["estop"]["level"] is not None:
                self.say(kind="ask", request=WAYS[found])
            return found == mode

        wait_for(lambda: self.frame and there(), f"{mode}: {self.frame}; {self.said}; {self.events}")

    def drive(self, hold, commanded):
        """Crawl, and hold this until it is what the robot is told to do."""

        def told():
            if self.frame["mode"] != "fallback":
                self.hold = STILL
                self.to("fallback")
            if self.frame["held"] == list(STILL) and self.frame["alive"]:
                self.hold = hold
            return self.frame["commanded"] == commanded

        wait_for(lambda: self.frame and told(), f"{commanded}: {self.frame}; {self.said}; {self.events}")

    def heard(self, words):
        """Whether something was said to this page, or happened, that has these words in it."""
        return any(words in text for text in (*self.said, *(event["text"] for event in self.events)))

    def close(self):
        self._stack.close()
        self._thread.join()


def open_socket(port, origin=None, host="127.0.0.1", **keywords):
    """A WebSocket to the console, from where a page of its own would come."""
    return connect(
        f"ws://{host}:{port}/ws",
        origin=f"http://{host}:{port}" if origin is None else origin,
        compression=None,
        open_timeout=60.0,
        **keywords,
    )


class Wire:
    """Carries bytes to the console and back until it is cut or made to hang."""

    def __init__(self, port):
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._pairs = {}
        self._ended = self._hangs = False
        self.is_cut = False
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def hang(self, hangs):
        """Nothing comes through, and nobody is told."""
        self._hangs = hangs

    def cut(self, is_cut):
        """All connections end, and no new one is made."""
        self.is_cut = is_cut

    def _carry(self):
        while not self._ended:
            if self.is_cut:
                self._drop(*self._pairs)
            ready = select.select([self._server, *self._pairs], [], [], 0.02)[0]
            if not self._hangs:
                for each in ready:
                    self._move(each)
        self._drop(*self._pairs)

    def _move(self, each):
        if each is self._server:
            here = self._server.accept()[0]
            if self.is_cut:
                here.close()
                return
            there = socket.create_connection(("127.0.0.1", self._target))
            self._pairs |= {here: there, there: here}
        elif each in self._pairs:
            try:
                data = each.recv(65536)
                if data:
                    self._pairs[each].sendall(data)
                    return
            except OSError:
                pass
            self._drop(each)

    def _drop(self, *ends):
        for end in ends:
            other = self._pairs.pop(end, None)
            if other is not None:
                self._pairs.pop(other, None)
                end.close()
                other.close()

    def close(self):
        self._ended = True
        self._thread.join()
        self._server.close()
