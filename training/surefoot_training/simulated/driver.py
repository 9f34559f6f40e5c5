"""The simulated robot as a driver of the link: in real time, with a mailbox for pushes and faults, its truth shown."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeAlias

from surefoot_robots.drivers.driver import Driver, MotorTargets, Sample
from surefoot_robots.spec import RobotSpec
from surefoot_safety.channel.channels import read_channel, write_channel
from surefoot_safety.channel.memory import Reader
from surefoot_safety.process.mailbox import SIMULATION, Mailbox, socket_path
from surefoot_training.simulated.config import load_world
from surefoot_training.simulated.orders import obey
from surefoot_training.simulated.recording import RecordedDriver
from surefoot_training.simulated.robot import SimulatedRobot

TRUTH = "truth"
SHOW_S = 0.01
PerJoint: TypeAlias = Annotated[tuple[float, ...], 12]


@dataclass(frozen=True, slots=True)
class TruthRecord:
    """`truth`, simulated link →: for viewers, tests and measurements. Nothing that controls the robot may read it."""

    robot: Annotated[str, 32]
    time_s: float
    qpos: Annotated[tuple[float, ...], 19]
    """MuJoCo's: position in the world, orientation wxyz, joints."""
    qvel: Annotated[tuple[float, ...], 18]
    torque_nm: PerJoint
    foot_force_n: Annotated[tuple[float, ...], 4]
    trunk_contact: bool
    timed_out: bool
    """Whether the motors brake by themselves."""
    lag_s: float
    """How far the simulation is behind."""
    let_go_s: float
    blow_ups: int
    faults: Annotated[str, 200]


class RealTimeDriver:
    """A simulated robot between the channels of one folder."""

    def __init__(self, robot: SimulatedRobot, folder: Path) -> None:
        self._robot = robot
        self._mailbox = Mailbox(socket_path(folder, SIMULATION))
        self._truth = write_channel(folder, TRUTH, TruthRecord)
        self._shown_s = -float("inf")

    def read(self, now_s: float) -> Sample | None:
        """Simulate up to now; orders are taken, and the truth is shown, some hundred times a second."""
        sample = self._robot.read(now_s)
        if now_s - self._shown_s >= SHOW_S:
            self._shown_s = now_s
            for letter in self._mailbox.take():
                self._mailbox.answer(letter, obey(self._robot, letter.data))
            self._truth.write(truth_of(self._robot, now_s), now_s)
        return sample

    def write(self, targets: MotorTargets, now_s: float) -> None:
        """Targets to the simulated motors."""
        self._robot.write(targets, now_s)

    def close(self) -> None:
        """Leave nothing behind."""
        self._truth.close()
        self._mailbox.close()


def open_simulated(robot: RobotSpec, file: Path | None, folder: Path) -> Driver:
    """The driver `sim`; the file describes the world (`config.py`)."""
    world = load_world(file, robot)
    simulated = SimulatedRobot(robot, world)
    driver = RealTimeDriver(simulated, folder)
    return RecordedDriver(driver, simulated, folder, Path(world.ticks)) if world.ticks else driver


def read_truth(folder: Path) -> Reader[TruthRecord]:
    """A reader of what is true."""
    return read_channel(folder, TRUTH, TruthRecord)


def truth_of(simulated: SimulatedRobot, now_s: float) -> TruthRecord:
    """What is true now."""
    body = simulated.body
    return TruthRecord(
        robot=simulated.robot.name,
        time_s=simulated.time_s,
        qpos=tuple(body.data.qpos.tolist()),
        qvel=tuple(body.data.qvel.tolist()),
        torque_nm=tuple(simulated.torque_nm.tolist()),
        foot_force_n=tuple(body.foot_force_n),
        trunk_contact=body.trunk_contact,
        timed_out=simulated.motors.timed_out,
        lag_s=now_s - simulated.time_s,
        let_go_s=simulated.let_go_s,
        blow_ups=body.blow_ups,
        faults=", ".join(simulated.faults.names),
    )
