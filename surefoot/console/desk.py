"""Everything that the console knows and does about one robot, without the network: between pages and the run's folder.

Only channels, mailboxes and the e-stop: the same for a simulated robot and a real one, and as long as any of it lasts.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from surefoot.console.endpoint import PageEndpoint
from surefoot.console.events import Events
from surefoot.console.messages import Ask, Beat, Hello, Message, Record, Stop, Take
from surefoot.console.odometry import Motion, Odometry
from surefoot.console.recorder import Recorder
from surefoot.console.seat import LET_GO_S, Seat
from surefoot.console.sending import Sending
from surefoot.console.words import NEXT, allowed, headline, reasons_of
from surefoot.operating import Operator, View
from surefoot_control.driving import STILL, Speeds, Velocity
from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import STATE, read_channel
from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.records import LoopRecord, StateRecord, StatusRecord, robot_state
from surefoot_safety.mode import ON_FEET, Request
from surefoot_safety.state import RobotState

SPEAK_S = 0.05
"""20 velocities a second: four of five may be lost before one is stale."""
END_S = 0.3
"""How long standing still is said once nobody is there; then nothing, so that the supervisor notices."""
SAMPLE_OLD_S = 0.5
WATCHES = "this page only watches: take the controls first"
AWAY = "not asked for: this page was away for a moment; ask again"


@dataclass(frozen=True, slots=True)
class Options:
    """What a person chooses."""

    speeds: Speeds
    root: Path
    key_file: Path | None
    recordings: Path
    stamped: bool


class Desk:
    """One robot's. `tick` is to be called some forty times a second; nothing here waits for anybody."""

    def __init__(self, folder: Path, spec: RobotSpec, options: Options, wall_s: Callable[[], float]) -> None:
        self._speeds, self._wall_s = options.speeds, wall_s
        self._operator = Operator(folder)
        self._samples = read_channel(folder, STATE, StateRecord)
        self._odometry = Odometry(spec)
        self._taken: tuple[Received[StateRecord], RobotState, Motion] | None = None
        self._recorder = Recorder(folder, options.root, options.recordings, robot=spec.name, stamped=options.stamped)
        self.seat, self.events = Seat(), Events()
        self.endpoint = PageEndpoint(folder, options.key_file)
        self.sending = Sending(folder, stamped=options.stamped)
        self.view = View(None, None, None, 0.0)
        self._fault = self._failure = ""
        self._alive_s = self._spoke_s = self._given_s = -math.inf

    @property
    def status(self) -> StatusRecord | None:
        """The supervisor's; None if it is not running."""
        return None if self.view.status is None else self.view.status.record

    def join(self, page: int, now_s: float) -> None:
        """A page that may steer; it has the controls if nobody is there who has, as when its own last link hangs."""
        if self.seat.page is None or now_s - max(self._alive_s, self._given_s) > LET_GO_S:
            self._give(page, now_s)

    def leave(self, page: int, now_s: float) -> None:
        """A page is gone: what it held is zero at once."""
        if page == self.seat.page:
            self.seat.leave(page)
            self.note("warn", f"page {page}, which had the controls, is gone")
            self._speak(now_s)

    def take(self, page: int, message: Message, now_s: float) -> str:
        """Do what a page says, but for what the supervisor must answer; what to tell it."""
        match message:
            case Beat(answer, hold):
                before = self.seat.held(now_s)
                if self.seat.beat(page, answer, hold, now_s) and self.seat.held(now_s) != before:
                    self._speak(now_s)
            case Stop(request):
                self.stop(f"page {page}", request, now_s)
            case Take():
                self._give(page, now_s)
                self._speak(now_s)
            case Record(on):
                if page != self.seat.page:
                    return WATCHES
                self.note("said", self._record(on, now_s))
            case Ask() | Hello():
                pass
        return ""

    def refusal(self, page: int, now_s: float) -> str:
        """Why a page's request is not handed on; empty if it is.

        One that a hanging link held back comes before any answer that counts: nobody may be looking any more.
        """
        if page != self.seat.page:
            return WATCHES
        return "" if self.seat.is_alive(now_s) else AWAY

    def failed(self, error: Exception) -> None:
        """Tell of what nobody foresaw, once; meanwhile check-ins may be missing, and pages can stop the robot."""
        text = f"the console fails: {type(error).__name__}: {error}"
        if text != self._failure:
            self._failure = text
            self.note("stop", text)

    def stop(self, who: str, request: Request, now_s: float) -> None:
        """Stop the robot, whoever says so and whatever it does."""
        self.endpoint.stop(request, now_s)
        self.seat.drop()
        self._speak(now_s)
        text = f"{'STOP' if request is Request.STOP else 'Damp'} by {who}"
        if text != self.events.newest:  # said a thousand times it must not push out what came before
            self.note("stop", text)

    def tick(self, now_s: float) -> None:
        """Look, check in, say what is held."""
        try:
            self.view, self._fault = self._operator.look(), ""
        except SurefootError as error:
            self.view, self._fault = View(None, None, None, now_s), error.message
        self._sample(now_s)
        self.events.watch(self.status, now_s, self._wall_s())
        is_alive = self.seat.is_alive(now_s)
        if is_alive:
            self._alive_s = now_s
        self.endpoint.tick(now_s, is_alive=is_alive)
        self.sending.look(now_s, is_running=self.status is not None)
        if now_s - self._spoke_s >= SPEAK_S:
            self._speak(now_s)
        ended = self._recorder.poll(now_s)
        if ended:
            self.note("said", ended)

    def frame(self, now_s: float) -> dict[str, object]:
        """What all pages show now, with a new number to answer."""
        return {
            "kind": "frame",
            "beat": self.seat.show(now_s),
            "taken": self.seat.page,
            "alive": self.seat.is_alive(now_s),
            "fault": self._fault,
            "way": self.sending.words,
            "estop": self._estop(now_s),
            "recording": asdict(self._recorder.state),
            "held": self._held(now_s),
            "loops": _loops(self.view),
            "note": "" if self.view.link is None else self.view.link.record.note,
            **_told(self.status),
            **self._shown(now_s),
        }

    def note(self, kind: str, text: str) -> None:
        """Note something for all pages."""
        self.events.add(kind, text, self._wall_s())

    def close(self) -> None:
        """Be silent, stand still, leave nothing behind."""
        self.sending.send(STILL, time.monotonic())
        self.sending.close()
        self.endpoint.close()
        self._recorder.close()
        self._samples.close()
        self._operator.close()

    def _give(self, page: int, now_s: float) -> None:
        self.seat.take(page)
        self._given_s = now_s
        self.note("said", f"page {page} has the controls")

    def _record(self, on: bool, now_s: float) -> str:
        return (
            self._recorder.begin(datetime.fromtimestamp(self._wall_s()).astimezone())
            if on
            else self._recorder.end(now_s)
        )

    def _speak(self, now_s: float) -> None:
        """Say what is held, or zero; nothing once nobody has been there for a while."""
        if now_s - self._alive_s <= END_S:
            self._spoke_s = now_s
            self.sending.send(self._held(now_s), now_s)

    def _held(self, now_s: float) -> Velocity:
        ahead, left, turn = self.seat.held(now_s)
        speeds = self._speeds
        return ahead * speeds.ahead_mps, left * speeds.sideways_mps, turn * speeds.turn_radps

    def _sample(self, now_s: float) -> None:
        received = self._samples.read(now_s)
        if received is None or now_s - received.stamp_s > SAMPLE_OLD_S:
            self._taken = None
        elif self._taken is None or self._taken[0] is not received:
            state = robot_state(received.record)
            on_feet = self.status is not None and self.status.mode in ON_FEET
            self._taken = received, state, self._odometry.update(state, on_feet=on_feet)

    def _estop(self, now_s: float) -> dict[str, object]:
        status, endpoint = self.status, self.endpoint
        return {
            "level": None if status is None else status.estop.name.lower(),
            "reasons": "" if status is None else status.estop_reasons,
            "pressed": endpoint.is_pressed,
            "waited_for": endpoint.is_waited_for(now_s),
            "key_fault": endpoint.key_fault,
        }

    def _shown(self, now_s: float) -> dict[str, object]:
        """What the newest sample tells; nothing without one."""
        if self._taken is None:
            return {"pose": None, "measured": None, "tilt_rad": None, "battery_v": None, "motors_c": None, "faults": []}
        _, state, motion = self._taken
        return {
            "pose": {
                "joints": _rounded(state.joint_position_rad),
                "orientation": _rounded(state.orientation_wxyz),
                "position": _rounded(motion.position_m),
            },
            "measured": _rounded(motion.velocity),
            "tilt_rad": motion.tilt_rad,
            "battery_v": state.battery_voltage_v,
            "motors_c": None if state.motor_temperature_c is None else _rounded(state.motor_temperature_c),
            "faults": list(state.faults),
        }


def _told(status: StatusRecord | None) -> dict[str, object]:
    """What the supervisor says; without one, that it is not there."""
    if status is None:
        return {
            "running": False,
            "mode": None,
            "headline": "no robot is running: surefoot up --sim",
            "next": "",
            "allowed": [],
            "reasons": [],
            "commanded": None,
        }
    return {
        "running": True,
        "mode": status.mode.value,
        "in_mode_s": status.in_mode_s,
        "headline": headline(status),
        "next": NEXT[status.mode],
        "allowed": allowed(status.mode),
        "reasons": [asdict(reason) for reason in reasons_of(status)],
        "commanded": _rounded(status.velocity),
        "motors": status.command.value,
        "ages_s": [status.state_age_s, status.target_age_s, status.velocity_age_s],
    }


def _loops(view: View) -> dict[str, object]:
    loops = {
        "link": view.link,
        "supervisor": view.supervisor,
        "robot node": view.robot_node,
        "policy node": view.policy_node,
    }
    return {name: _loop(loop.record) for name, loop in loops.items() if loop is not None}


def _loop(loop: LoopRecord) -> dict[str, object]:
    return {"rate_hz": loop.rate_hz, "ticks": loop.ticks, "late": loop.overruns, "lost": loop.skipped}


def _rounded(values: tuple[float, ...]) -> list[float]:
    """A tenth of a millimetre is enough to be looked at, and a third of the bytes."""
    return [round(value, 4) for value in values]
