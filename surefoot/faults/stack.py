"""A robot's real processes for the campaign: `surefoot up --sim` in a folder of its own, and a policy beside it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from surefoot.faults.dying import killed_s
from surefoot.faults.kinds import Process
from surefoot.faults.wall_clock import WallClock
from surefoot.operating import Operator
from surefoot_control.segments import Segments, used_by
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.channels import STATUS, read_channel
from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.place import folder_of
from surefoot_safety.channel.records import StatusRecord
from surefoot_safety.estop_endpoint import EstopEndpoint
from surefoot_safety.estop_key import read_key, write_new_key
from surefoot_safety.estop_message import EstopLevel
from surefoot_safety.mode import Mode, Request
from surefoot_safety.process.mailbox import REQUESTS, SIMULATION, Mail, socket_path
from surefoot_training.simulated.driver import TruthRecord, read_truth
from surefoot_training.simulated.recording import Ticks, read_ticks

MODULES = {
    Process.SUPERVISOR: "surefoot_safety.process.supervise",
    Process.LINK: "surefoot_safety.link",
    Process.WALKER: "surefoot.faults.walker",
    Process.ROBOT_NODE: "surefoot_control.robot_node",
    Process.POLICY_NODE: "surefoot_control.policy_node",
    Process.RECORDER: "surefoot_control.record_node",
}
BUTTON, WALKER, DRIVE, ROGUE, SIM = "button", "walker", "drive", "rogue", "sim"
ROGUE_MODULE = "surefoot_control.rogue_node"
FRESH_S = 0.1
"""Age of targets that somebody gives."""
START = (
    "import sys; from surefoot_safety.process.ending import end_with; end_with(int(sys.argv.pop(1)));"
    "from surefoot.cli import main; sys.exit(main())"
)
"""`surefoot`, ending with whoever started it."""
LOOK_S = 0.004
PRESS_S = 0.1
"""Between check-ins of the button."""
ANSWER_S = 3.0
LONGEST_START_S = 90.0
LONGEST_END_S = 20.0
RENAMED_S = 1.0
"""A link that runs has noticed by then."""
MOST_KILLS = 4
"""`surefoot up` gives a process up that died five times in a minute."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What a stack is made of."""

    robot: str
    policy: str
    seed: int
    settings: Path | None = None
    """Milder ones, where the machine is busy."""
    has_button: bool = False
    """A second e-stop endpoint: this process."""
    has_ros: bool = False
    """Robot node, policy node and recorder instead of a policy beside them."""
    record: Path | None = None
    """Where to; None for a file that goes with the stack."""


class Stack:
    """Everything that runs, and the operator in front of it. All waits let the button check in."""

    def __init__(self, setup: Setup, root: Path) -> None:
        self.setup, self.root = setup, root
        self.run_dir = root / "r"
        self.folder = folder_of(setup.robot, self.run_dir)
        self.ticks_file = root / "ticks"
        self._clock = WallClock(root)
        self.kills = 0
        key = root / "key"
        write_new_key(key)
        self.key = read_key(key)
        self.button = EstopEndpoint(BUTTON, self.key)
        self.is_pressing = setup.has_button
        """Whether the button checks in."""
        self.challenge = b""
        """The newest that the robot has sent to the button."""
        self._pressed_s = -math.inf
        self._segments = Segments()
        self._shared: set[Path] = set()
        """Those that processes of ours have used: others come and go on a machine, too."""
        self._make_files()
        self._log = (root / "up.log").open("w+")
        self.policy_file = self._own_policy()
        """This stack's own copy: it may be spoilt."""
        self._environment = self._made_environment()
        self._up = self._start_up(key)
        self.operator = Operator(self.folder)
        self._statuses = read_channel(self.folder, STATUS, StatusRecord)
        self._truth = read_truth(self.folder)
        self.mail = Mail(socket_path(self.folder, REQUESTS))
        if setup.has_ros:
            # `surefoot up` clears away what comes after it: nodes that were there before leave the ports behind that a
            # killed node had open.
            self.wait(LONGEST_START_S, lambda: self.status is not None or not self.is_up)
        self._helpers = {name: self._start(*words) for name, words in self._helpers_words().items()}
        self._orders = {name: Mail(path) for name, path in self._boxes().items()}

    @property
    def said(self) -> str:
        """What `surefoot up` has printed."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    @property
    def is_up(self) -> bool:
        """Whether `surefoot up` runs."""
        return self._up.poll() is None

    @property
    def status(self) -> Received[StatusRecord] | None:
        """The newest, however old."""
        return self._statuses.read(time.monotonic())

    @property
    def mode(self) -> Mode | None:
        """What the robot does; None while the supervisor is silent."""
        status = self.status
        return status.record.mode if status is not None and time.monotonic() - status.stamp_s < 0.5 else None

    def pid(self, process: Process) -> int:
        """Of a process that runs."""
        if process is Process.UP:
            return self._up.pid
        for entry in Path("/proc").iterdir():
            try:
                words = (entry / "cmdline").read_text().split("\0")
            except (OSError, UnicodeDecodeError):
                continue
            if MODULES[process] in words and str(self.run_dir) in words:
                return int(entry.name)
        raise SurefootError(f"{process.value} does not run: {self.said[-500:]}")

    def wait(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass, at most until something is so; whether it is."""
        end_s = time.monotonic() + seconds
        while True:
            self._press()
            if until():
                return True
            if time.monotonic() >= end_s:
                return False
            time.sleep(LOOK_S)

    def ask(self, request: Request) -> str:
        """Ask the supervisor; why not, or nothing."""
        try:
            return self.operator.ask(request).refusal
        except SurefootError as error:
            return error.message

    @property
    def processes(self) -> tuple[Process, ...]:
        """Those that there are to be."""
        nodes = (Process.ROBOT_NODE, Process.POLICY_NODE, Process.RECORDER)
        others = nodes if self.setup.has_ros else (Process.WALKER,)
        return (Process.SUPERVISOR, Process.LINK, Process.UP, *others)

    def drive(self, vx_mps: float, vy_mps: float = 0.0, yaw_rate_radps: float = 0.0) -> None:
        """The velocity to walk at."""
        self.order(DRIVE if self.setup.has_ros else WALKER, {"velocity": [vx_mps, vy_mps, yaw_rate_radps]})

    def order(self, whom: str, what: Mapping[str, object]) -> dict[str, float | str]:
        """An order to one of the helpers or to the simulation, and what they say to it."""
        mail = self._orders[whom]
        while mail.answer() is not None:
            pass  # to an order before this one
        data = mail.answer(ANSWER_S) if mail.send(json.dumps(dict(what)).encode(), ANSWER_S) else None
        if data is None:
            raise SurefootError(f"{whom} does not answer")
        told: dict[str, float | str] = json.loads(data)
        if "error" in told:
            raise SurefootError(str(told["error"]))
        return told

    def ready(self) -> None:
        """Start helpers again that are gone, let them behave, and wait until somebody walks the robot."""
        for name, process in self._helpers.items():
            if process.poll() is not None:
                self._helpers[name] = self._start(*self._helpers_words()[name])
        self._behave()
        if self.setup.has_ros and not self.wait(LONGEST_START_S, self._is_answered):
            raise SurefootError(f"the nodes give no targets: {self.said[-500:]}")

    def _behave(self) -> None:
        end_s = time.monotonic() + LONGEST_START_S
        for name in self._helpers:
            while True:
                try:
                    self.order(name, {"misdeed": None})
                    break
                except SurefootError:
                    if time.monotonic() > end_s or self._helpers[name].poll() is not None:
                        raise

    def _is_answered(self) -> bool:
        status = self.status
        return status is not None and status.record.target_age_s < FRESH_S

    def end_helpers(self) -> list[str]:
        """Let them go, properly: they leave nothing behind. Those that had to be killed."""
        killed = []
        for process in self._helpers.values():
            process.terminate()
        for name, process in self._helpers.items():
            try:
                process.wait(LONGEST_END_S)
            except subprocess.TimeoutExpired:
                killed.append(name)
                process.kill()
                process.wait()
        return killed

    def kill(self, process: Process, number: signal.Signals) -> float:
        """Send a signal; when that was, or with SIGKILL, when the process was gone.

        Until then, milliseconds for one of 100 MB, the kernel gives its memory back, and nobody can know of its death.
        """
        pid = self.pid(process)
        self._note_segments()
        self.kills += number is signal.SIGKILL or number is signal.SIGTERM
        if number is signal.SIGKILL:
            return killed_s(pid)
        at_s = time.monotonic()
        os.kill(pid, number)
        return at_s

    def step_clock(self, seconds: float) -> None:
        """The wall clock, for all our processes."""
        self._clock.step(seconds)

    @property
    def truth(self) -> TruthRecord | None:
        """How the robot really is; None while no link has said so."""
        found = self._truth.read(time.monotonic())
        return None if found is None else found.record

    def up_z(self) -> float:
        """Of the base's z axis in the world: 1 upright."""
        truth = self.truth
        if truth is None:
            return 1.0
        _w, x, y, _z = truth.qpos[3:7]
        return 1.0 - 2.0 * (x * x + y * y)

    def take_ticks(self) -> Ticks:
        """The record of the motors, each millisecond, since it was taken last: no tick is in none."""
        taken = self.ticks_file.with_suffix(".taken")
        with contextlib.suppress(FileNotFoundError):
            self.ticks_file.rename(taken)
        self.wait(RENAMED_S, self.ticks_file.exists)  # then nobody writes to the old one any more
        ticks = read_ticks(taken)
        taken.unlink(missing_ok=True)
        return ticks

    def close(self) -> list[str]:
        """End everything, whatever state it is in; what did not end or go away by itself, as it should have."""
        self._note_segments()
        for process in self.processes:
            with contextlib.suppress(SurefootError, OSError):
                os.kill(self.pid(process), signal.SIGCONT)
        found = self.end_helpers()
        for _ in range(2):  # the second one means at once
            if self.is_up:
                self._up.terminate()
                self.wait(0.3, lambda: not self.is_up)
        if not self.wait(LONGEST_END_S, lambda: not self.is_up):
            found.append(Process.UP.value)
            self._up.kill()
            self._up.wait()
        self.wait(LONGEST_END_S, lambda: not self._running())  # where `surefoot up` is gone they end by themselves
        for process, pid in self._running().items():
            found.append(process.value)
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        found += self._files_left()
        for mail in (self.mail, *self._orders.values()):
            mail.close()
        self.operator.close()
        self._statuses.close()
        self._truth.close()
        self._log.close()
        return found

    def left_behind(self) -> list[str]:
        """What there still is of processes and files, once `surefoot up` and its helpers are gone."""
        return [process.value for process in self._running()] or self._files_left()

    def _running(self) -> dict[Process, int]:
        """Processes other than `surefoot up`."""
        found = {}
        for process in MODULES:
            with contextlib.suppress(SurefootError):
                found[process] = self.pid(process)
        return found

    def _files_left(self) -> list[str]:
        """The folder, and shared memory that could be removed: what cannot was there before us, or others use it."""
        found = [f"the folder {self.folder.name}"] if self.folder.exists() else []
        shared = [path for path in self._shared if path.exists()]
        if self.setup.has_ros:
            self._segments.clear()
        return [*found, *sorted(path.name for path in shared if not path.exists())]

    def _note_segments(self) -> None:
        if self.setup.has_ros:
            for pid in (*self._running().values(), *(helper.pid for helper in self._helpers.values())):
                self._shared |= used_by(pid)

    def _press(self) -> None:
        now_s = time.monotonic()
        while (data := self.mail.answer()) is not None:
            if self.button.challenged(data):
                self.challenge = data
        if self.is_pressing and now_s - self._pressed_s >= PRESS_S:
            self._pressed_s = now_s
            self.mail.send(self.button.check_in(EstopLevel.RELEASED))

    def _boxes(self) -> dict[str, Path]:
        helpers = {name: self.root / f"{name}.sock" for name in (WALKER, DRIVE, ROGUE)}
        return {**helpers, SIM: socket_path(self.folder, SIMULATION)}

    def _helpers_words(self) -> dict[str, tuple[str, ...]]:
        """Who runs beside `surefoot up`, by name."""
        boxes, parent = self._boxes(), ("--parent", str(os.getpid()))
        if self.setup.has_ros:
            return {name: ("-m", ROGUE_MODULE, "--box", str(boxes[name]), *parent) for name in (DRIVE, ROGUE)}
        place = ("--robot", self.setup.robot, "--run-dir", str(self.run_dir), "--policy", str(self.policy_file))
        return {WALKER: ("-m", MODULES[Process.WALKER], *place, "--box", str(boxes[WALKER]), *parent)}

    def _own_policy(self) -> Path:
        from surefoot_policy.shipped import policy_file

        return Path(shutil.copyfile(policy_file(Path(self.setup.policy)), self.root / "policy.onnx"))

    def _make_files(self) -> None:
        world = {"seed": self.setup.seed, "ticks": str(self.ticks_file)}
        (self.root / "world.yaml").write_text(json.dumps(world), encoding="utf-8")  # which is YAML too

    def _made_environment(self) -> dict[str, str]:
        return {
            **self._clock.environment(os.environ),
            # Nodes of this stack are to meet, and nobody else.
            "ROS_DOMAIN_ID": str(1 + os.getpid() % 100),
            "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        }

    def _start_up(self, key: Path) -> subprocess.Popen[bytes]:
        setup = self.setup
        words = ["up", "--sim", "--robot", setup.robot, "--run-dir", str(self.run_dir)]
        words += ["--world", str(self.root / "world.yaml"), "--priority", "0"]
        if setup.settings is not None:
            words += ["--settings", str(setup.settings), "--no-release"]
        if setup.has_button:
            words += ["--estop-key", str(key), "--estop-endpoint", BUTTON]
        if setup.has_ros:
            words += ["--policy", str(self.policy_file), "--record", str(setup.record or self.root / "record.mcap")]
        return self._start("-c", START, str(os.getpid()), *words)

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
        )
