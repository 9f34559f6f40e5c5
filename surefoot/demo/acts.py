"""The acts of `surefoot demo`. Each one does something with what the acts before it left, and says what came of it."""

from __future__ import annotations

import math
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from surefoot.demo.children import Children
from surefoot.demo.stage import DRIVE, ESTOP, RECORDING, ROBOT, Hanging, Stage, refuse_another
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.place import folder_of
from surefoot_safety.mode import Mode

PICTURED, PICTURE_S = 128, 1.0
SHIPPED = "go2-velocity-flat"
TRAINING_MIN = 8.0
"""Enough for one that walks, on two idle cores; the shipped one had ten."""
EPISODES, MOST_FALLS, MOST_ERROR_MPS = 16, 2, 0.25
"""One that falls more often, or stands where it is to walk, does not show what comes after."""
COURSE = ((0.0, 0.0, 0.0, 5.0), (0.5, 0.0, 0.0, 4.0), (0.4, 0.0, 0.7, 4.5), (0.0, 0.25, 0.0, 3.0))
"""vx, vy m/s, yaw rate rad/s, s: time to begin in, ahead, a half circle to the left, sideways."""
ONWARDS = (0.4, 0.0, 0.0, 600.0)
PATIENT = Path(__file__).with_name("patient.yaml")
PUSH_N, PUSH_S = 60.0, 0.2
WATCH_PUSH_S = 3.0
IN_STEP_S = 2.0
"""A robot that has just begun is not in mid-walk."""
PLAN_S = 10.0
FRICTION_NM, STRENGTH, DELAY_S = 0.3, 0.9, 0.014
HUNG = f"""\
trunk: held
truth: {{friction_nm: {FRICTION_NM}, motor_strength: {STRENGTH}, action_delay_s: {DELAY_S}}}
"""
"""Of the robot that hangs."""
TOLD = (
    ("friction_nm", "friction", FRICTION_NM, " Nm", 1.0),
    ("motor_strength", "motors", STRENGTH, " strong", 1.0),
    ("action_delay_s", "delay", DELAY_S, " ms", 1000.0),
)


@dataclass(slots=True)
class Play:
    """What acts hand on to each other."""

    children: Children
    out: Path
    seed: int
    quick: bool
    patient: bool = False
    """With settings for a busy machine."""
    policy: str = SHIPPED
    """A shipped one's name, or a file."""
    stage: Stage | None = None
    hanging: Hanging | None = None
    began_s: float = 0.0
    """When the driver began with the course."""
    pages: list[tuple[Path, str]] = field(default_factory=list)
    """What there is to look at, and of what."""

    @property
    def robot(self) -> Stage:
        """The one that runs."""
        assert self.stage is not None
        return self.stage


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the story."""

    title: str
    play: Callable[[Play], str]


def acts(quick: bool) -> tuple[Act, ...]:
    """In their order."""
    learning = (
        (Act("The shipped policy, which learned for ten minutes: evaluate", evaluate),)
        if quick
        else (
            Act("Draw robots on the ground that they learn on", draw),
            Act(f"Learn to walk, from nothing, in {TRAINING_MIN:g} minutes", train),
            Act("Evaluate what was learned, by a fixed protocol", evaluate),
            Act("Export it into one file", export),
        )
    )
    return (
        *learning,
        Act("Verify the file as a robot does before it runs it", verify),
        Act("Start the robot: link, supervisor, ROS 2 nodes, recorder, an e-stop", start),
        Act("Arm, stand up, and walk a course by velocity commands", walk),
        Act(f"Push it: {PUSH_N:g} N for {PUSH_S:g} s, from its right", push),
        Act("Kill the policy in mid-walk", kill_policy),
        Act("Press the e-stop in mid-walk, reset, stand again", press_estop),
        Act("End everything", end),
        Act("Hang up another one, move it, and find out in what it differs from its file", identify),
        Act("Write the reports", report),
    )


def draw(play: Play) -> str:
    """The picture of the README; a machine without OpenGL can do everything else."""
    from surefoot_training.demo.scene import draw_scene
    from surefoot_training.demo.walk import walk

    file = play.out / "robots.png"
    try:
        draw_scene(*walk(PICTURED, PICTURE_S, play.seed), file)
    except SurefootError as error:
        return f"left out: {error}; {error.hint}"
    return f"{file}: {PICTURED} robots, which trot by a fixed gait and feel nothing"


def train(play: Play) -> str:
    """From scratch; not if another robot that runs would end the story behind it."""
    refuse_another(folder_of(ROBOT))
    run = play.out / "training"
    words = ("--minutes", f"{TRAINING_MIN:g}", "--seed", play.seed, "--out", run)
    said = play.children.run("train", "train", "velocity-flat", *words, shown=True)
    play.policy = str(run)
    return said.partition("\n")[0]


def evaluate(play: Play) -> str:
    """A glimpse; the policy goes on only if it walks."""
    words = ("--axes", "tracking", "--episodes", EPISODES, "--json", "-")
    found = play.children.answer("evaluate", "evaluate", play.policy, *words)
    error_mps = found["speed_error_mps"]["mean"]
    said = f"{found['episodes']} episodes, {found['falls']} falls" + (
        "" if error_mps is None else f"; off the commanded speed by {error_mps:.2f} m/s"
    )
    walks = found["falls"] <= MOST_FALLS and error_mps is not None and error_mps <= MOST_ERROR_MPS
    if not play.quick and not walks:
        play.policy = SHIPPED
        bar = f"at most {MOST_FALLS} falls and {MOST_ERROR_MPS:g} m/s"
        return f"{said}: what follows asks for {bar}, so the shipped {SHIPPED} goes on"
    return said


def export(play: Play) -> str:
    """A run that used up its time has been exported; doing it again is what anybody would do."""
    if play.policy == SHIPPED:
        return "left out: the shipped policy is such a file"
    file = Path(play.policy) / "policy.onnx"
    play.children.run("export", "export", play.policy, "--out", file)
    play.policy = str(file)
    return f"{file}: {file.stat().st_size / 1e6:.1f} MB, and it answers as the trained network does"


def verify(play: Play) -> str:
    """Every check, the golden sequence among them."""
    found = play.children.answer("verify", "verify", play.policy, "--robot", ROBOT, "--json", may_fail=True)
    if not found["ok"]:
        raise SurefootError(f"{play.policy} is refused: {found['failures'][0]}")
    return f"accepted: it is for {ROBOT}, whole, and gives the joint targets that it promises"


def start(play: Play) -> str:
    """Real processes, as anybody starts them in three terminals."""
    settings = PATIENT if play.patient else None
    stage = play.stage = Stage(play.children, play.out, play.policy, settings)
    stage.ready()
    view = stage.view
    loops = {
        "link": view.link,
        "supervisor": view.supervisor,
        "robot node": view.robot_node,
        "policy": view.policy_node,
    }
    rates = ", ".join(f"{name} {loop.record.rate_hz:g} Hz" for name, loop in loops.items() if loop is not None)
    return f"{rates}; both ends of the e-stop have checked in"


def walk(play: Play) -> str:
    """By the commands that a person types, and a driver on /cmd_vel."""
    stage = play.robot
    play.children.run("arm", "mode", "arm", may_fail=True)
    play.children.run("stand", "mode", "stand", "--wait", 20, may_fail=True)
    stage.bring(Mode.STANDING)
    height_m = stage.truth.qpos[2]
    _drive(play)
    stage.bring(Mode.WALKING)
    track = Track(stage)
    left_s = play.began_s + sum(seconds for *_, seconds in COURSE) - time.monotonic()
    lost = stage.hold(Mode.WALKING, max(0.0, left_s), track.look)
    again = f"; brought back to walking {lost} times: the machine is busy" if lost else ""
    return (
        f"stood {100.0 * height_m:.0f} cm high, then went {track.length_m:.1f} m "
        f"and turned by {math.degrees(track.turned_rad):.0f}°{again}"
    )


def push(play: Play) -> str:
    """While it walks straight ahead."""
    stage = play.robot
    stage.bring(Mode.WALKING)
    play.children.run("push", "sim", "push", PUSH_N, "--seconds", PUSH_S, "--direction", 90)
    track = Track(stage)
    stage.until(_after(WATCH_PUSH_S, track.look), "the time to pass")
    mode = stage.mode
    went_on = "and walked on" if mode is Mode.WALKING else f"and is {mode.value if mode else 'silent'}: {_why(stage)}"
    return f"it leaned by {math.degrees(track.most_tilt_rad):.0f}° at most, {went_on}"


def kill_policy(play: Play) -> str:
    """As a crash would: no signal that could be handled."""
    stage = play.robot
    stage.bring(Mode.WALKING)
    stage.hold(Mode.WALKING, IN_STEP_S)
    policy = stage.view.policy_node
    if policy is None:
        raise SurefootError("no policy node answers")
    os.kill(policy.record.process, signal.SIGKILL)
    took_s = stage.until(lambda: stage.mode is not Mode.WALKING, "to leave the policy")
    after, why = stage.mode, _why(stage)
    stood_s = stage.bring(Mode.STANDING)
    stage.until(lambda: _is_another(stage, policy.record.process), "another policy node")
    return (
        f"after {1000.0 * took_s:.0f} ms it is in {after.value if after else 'silence'} ({why}), "
        f"{stood_s:.1f} s later it stands; another policy has been started"
    )


def press_estop(play: Play) -> str:
    """The endpoint is a process at a terminal of its own; a person releases it before anybody can reset."""
    stage = play.robot
    stage.bring(Mode.WALKING)
    stage.hold(Mode.WALKING, IN_STEP_S)
    stage.press(" ")
    heard_s = stage.until(lambda: stage.mode in {Mode.SETTLING, Mode.STOPPED}, "to hear the e-stop")
    rest_s = stage.until(lambda: stage.mode is Mode.STOPPED, "to come to rest")
    stage.press("r")
    stage.until(lambda: _is_reset(play), "the e-stop to be released, and a reset")
    play.children.run("arm-again", "mode", "arm", may_fail=True)
    play.children.run("stand-again", "mode", "stand", "--wait", 20, may_fail=True)
    stage.bring(Mode.STANDING)
    return (
        f"heard after {1000.0 * heard_s:.0f} ms, on its belly {rest_s:.1f} s later; reset, armed, and it stands again"
    )


def end(play: Play) -> str:
    """The supervisor brings the robot to rest before it ends."""
    play.children.end(DRIVE)
    play.robot.end()
    play.children.end(ESTOP)
    play.stage = None
    return "it sat down first; no process and no shared memory are left"


def identify(play: Play) -> str:
    """A simulated robot hangs in the air; the fit is told its log, and not its truth."""
    plan, log, world, found_file = (
        play.out / name for name in ("plan.csv", "hanging.mcap", "hung.yaml", "calibration.yaml")
    )
    world.write_text(HUNG, encoding="utf-8")
    play.children.run("plan", "identify", "plan", "--seconds", PLAN_S, "--candidates", 2, "--out", plan)
    play.hanging = Hanging(play.children, world, PATIENT if play.patient else None)
    play.hanging.ready()
    play.hanging.bring(Mode.DAMPED)
    play.children.run("record", "identify", "record", plan, "--out", log, "--hanging")
    play.hanging.end()
    play.hanging = None
    found = play.children.answer("identify", "identify", "fit", log, "--out", found_file, "--json")
    play.pages.append((found_file.with_suffix(".html"), "what its joints are, with intervals"))
    return f"{identified_told(found['parameters'])}; all simulated: no real robot has been measured"


def report(play: Play) -> str:
    """Pages that open anywhere."""
    pages = [(play.out / "walk.html", "the walk: film strip, speed, torques, every trigger with its reason")]
    play.children.run("report", "report", play.out / RECORDING, "--out", pages[0][0])
    if not play.quick:
        page = play.out / "training.html"
        play.children.run("report-training", "report", play.out / "training", "--out", page)
        pages.append((page, "how it learned"))
    play.pages[:0] = pages
    return f"{len(play.pages)} pages, which need no network"


class Track:
    """Where the robot went since, in truth."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.length_m = self.turned_rad = self.most_tilt_rad = 0.0
        self._last: tuple[float, float, float] | None = None

    def look(self) -> None:
        """Add what has happened since the last look."""
        x, y, _z, *quaternion = self._stage.truth.qpos[:7]
        yaw, tilt = heading_and_tilt_rad(*quaternion)
        if self._last is not None:
            self.length_m += math.hypot(x - self._last[0], y - self._last[1])
            self.turned_rad += math.remainder(yaw - self._last[2], math.tau)
        self._last = x, y, yaw
        self.most_tilt_rad = max(self.most_tilt_rad, tilt)


def heading_and_tilt_rad(w: float, x: float, y: float, z: float) -> tuple[float, float]:
    """Which way it looks, and how far it leans."""
    up = max(-1.0, min(1.0, 1.0 - 2.0 * (x * x + y * y)))
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)), math.acos(up)


def identified_told(parameters: Sequence[Mapping[str, Any]]) -> str:
    """How many numbers are known now, and three of them beside their truth."""
    known = [each for each in parameters if each["verdict"] == "identified"]
    parts = []
    for name, word, truth, unit, scale in TOLD:
        values = [each["value"] for each in known if each["name"] == name]
        if values:
            parts.append(f"{word} {scale * sum(values) / len(values):.3g}{unit} (in truth {scale * truth:g}{unit})")
    return (
        f"{len(known)} of {len(parameters)} numbers identified; {', '.join(parts) or 'none of those that are hidden'}"
    )


def _drive(play: Play) -> None:
    parts = ", ".join(" ".join(f"{number:g}" for number in part) for part in (*COURSE, ONWARDS))
    play.children.start(DRIVE, "drive", "--course", parts)
    play.robot.until(lambda: _is_driven(play.robot), "a driver to be heard")
    play.began_s = time.monotonic()


def _is_driven(stage: Stage) -> bool:
    status = stage.view.status
    return status is not None and status.record.velocity_age_s < 0.25


def _is_another(stage: Stage, process: int) -> bool:
    policy, status = stage.view.policy_node, stage.view.status
    return (
        policy is not None
        and policy.record.process != process
        and status is not None
        and status.record.target_age_s < 0.1
    )


def _is_reset(play: Play) -> bool:
    """Refused while the e-stop still asks to stop."""
    return bool(play.children.answer("reset", "reset", "--json", may_fail=True)["followed"])


def _why(stage: Stage) -> str:
    status = stage.view.status
    return "the supervisor is silent" if status is None else status.record.reasons.split("\n")[0] or "for no reason"


def _after(seconds: float, look: Callable[[], None]) -> Callable[[], bool]:
    end_s = time.monotonic() + seconds

    def over() -> bool:
        look()
        return time.monotonic() >= end_s

    return over
