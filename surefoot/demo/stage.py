"""Simulated robots with their processes, and the people around them: an operator, and somebody at an e-stop."""

from __future__ import annotations

import math
import os
import pty
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from surefoot.demo.children import Children
from surefoot.operating import Operator, View
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import RunLock, folder_of, remove_folder
from surefoot_safety.estop_key import write_new_key
from surefoot_safety.mode import Mode, Request
from surefoot_training.simulated.driver import TruthRecord, read_truth

ROBOT, BUTTON = "go2", "button"
ESTOP, DRIVE = "estop", "drive"
RECORDING = "walk.mcap"
LOOK_S = 0.005
FRESH_S = 0.1
LONGEST_START_S = 180.0
"""A first start compiles every module, on whatever machine."""
LONGEST_S = 60.0
"""For what takes seconds on a machine with nothing else to do."""
NEXT_STEP = {
    Mode.OFF: Request.ARM,
    Mode.DAMPED: Request.STAND,
    Mode.SITTING: Request.STAND,
    Mode.STANDING: Request.WALK,
    Mode.STOPPED: Request.RESET,
}
"""What an operator asks for on the way to walking."""
AGAIN_S = 0.25
"""Between two requests of the same kind."""


class Robot:
    """One that runs. All waits are for conditions, and end with one line that says what did not happen."""

    def __init__(self, children: Children, name: str, words: Sequence[object], settings: Path | None) -> None:
        self._children, self._name = children, name
        self.folder = folder_of(ROBOT)
        refuse_another(self.folder)
        milder = [] if settings is None else ["--settings", settings, "--no-release"]
        children.start(name, "up", "--sim", "--robot", ROBOT, *words, *milder)
        self.operator = Operator(self.folder)
        self._truth = read_truth(self.folder)
        self._asked_s = -math.inf
        self.refusal = ""
        """Of the last request."""

    @property
    def view(self) -> View:
        """What the robot tells of itself."""
        return self.operator.look()

    @property
    def mode(self) -> Mode | None:
        """What it does; None while its supervisor is silent."""
        status = self.view.status
        return None if status is None else status.record.mode

    @property
    def truth(self) -> TruthRecord:
        """How it really is: for telling, never for control."""
        found = self._truth.read(time.monotonic())
        if found is None:
            raise SurefootError("the simulated robot does not show itself", hint="look into the log of `up`")
        return found.record

    def until(self, condition: Callable[[], bool], what: str, seconds: float = LONGEST_S) -> float:
        """Wait; how long it took."""
        began_s = time.monotonic()
        while not condition():
            if (status := self._children.ended(self._name)) is not None:
                raise SurefootError(f"`surefoot up` ended with status {status}: {self._children.last_line(self._name)}")
            if time.monotonic() - began_s > seconds:
                raise SurefootError(
                    f"the robot did not get so far within {seconds:g} s: {what}; it is {self._how()}",
                    hint="real time needs a machine to itself: close what else runs, or try `surefoot demo --patient`",
                )
            time.sleep(LOOK_S)
        return time.monotonic() - began_s

    def ready(self) -> None:
        """Everybody is there: samples, and all ends of the e-stop."""
        self.until(lambda: not self.missing(), "to be ready", LONGEST_START_S)

    def bring(self, mode: Mode, seconds: float = LONGEST_S) -> float:
        """Ask for one step after the other, as an operator would; what a busy machine breaks is begun anew."""
        return self.until(lambda: self._brought(mode), f"to be {mode.value}", seconds)

    def hold(self, mode: Mode, seconds: float, look: Callable[[], None] = lambda: None) -> int:
        """Let it go on for so long; how often it had to be brought back."""
        end_s, lost = time.monotonic() + seconds, 0
        while time.monotonic() < end_s:
            look()
            if self.mode is not mode:
                lost += 1
                self.bring(mode)
            time.sleep(LOOK_S)
        return lost

    def end(self) -> None:
        """It sits down first; a process or a folder that stays is an error."""
        status = self._children.end(self._name)
        self.close()
        if status or self.folder.exists():
            left = f", and left {self.folder} behind" if self.folder.exists() else ""
            raise SurefootError(
                f"`surefoot up` ended with status {status}{left}: {self._children.last_line(self._name)}"
            )

    def close(self) -> None:
        """Look no more; the processes are the children's to end."""
        self.operator.close()
        self._truth.close()

    def _brought(self, mode: Mode) -> bool:
        found = self.mode
        if found is mode:
            return True
        request = None if found is None else NEXT_STEP.get(found)
        if request is not None and time.monotonic() - self._asked_s >= AGAIN_S:
            self._asked_s = time.monotonic()
            try:
                self.refusal = self.operator.ask(request).refusal
            except SurefootError as error:  # a supervisor that is busy answers the next time
                self.refusal = error.message
        return False

    def missing(self) -> list[str]:
        """What it still waits for."""
        status = self.view.status
        if status is None:
            return ["the supervisor"]
        fresh = status.record.state_age_s < FRESH_S
        return [*([] if fresh else ["samples"]), *filter(None, [status.record.estop_reasons])]

    def _how(self) -> str:
        status = self.view.status
        if status is None:
            return "without a supervisor"
        reasons = [line for line in status.record.reasons.split("\n") if line]
        lacking = [f"without {what}" for what in self.missing()]
        return ", ".join([status.record.mode.value, *reasons, *lacking, *filter(None, [self.refusal])])


def refuse_another(folder: Path) -> None:
    """One that runs there already is somebody else's, and must not be asked for anything."""
    if folder.exists():
        lock = RunLock(folder)
        remove_folder(folder)
        lock.release()


class Stage(Robot):
    """One with its nodes, a recorder, and an e-stop at a keyboard of its own."""

    def __init__(self, children: Children, folder: Path, policy: str, settings: Path | None) -> None:
        key = folder / "estop.key"
        write_new_key(key)
        words = ["--policy", policy, "--record", folder / RECORDING, "--estop-key", key, "--estop-endpoint", BUTTON]
        super().__init__(children, "up", words, settings)
        self._keyboard, terminal = pty.openpty()
        children.start(ESTOP, "estop", "--key", key, "--name", BUTTON, stdin=terminal)
        os.close(terminal)

    def press(self, key: str) -> None:
        """At the e-stop's keyboard."""
        os.write(self._keyboard, key.encode())

    def close(self) -> None:
        """Nobody is at the keyboard any more."""
        super().close()
        os.close(self._keyboard)

    def missing(self) -> list[str]:
        """Its nodes, too."""
        view = self.view
        answered = view.status is not None and view.status.record.target_age_s < FRESH_S
        nodes = {"the robot node": view.robot_node, "the policy node": view.policy_node, "targets": answered or None}
        return [*super().missing(), *(name for name, found in nodes.items() if found is None)]


class Hanging(Robot):
    """One whose trunk is held, its feet in the air, and whose joints are not what its file says."""

    def __init__(self, children: Children, world: Path, settings: Path | None) -> None:
        super().__init__(children, "up-hanging", ["--world", world], settings)
