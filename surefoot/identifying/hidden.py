"""A hidden robot of `surefoot bench gap`, identified as its owner would: in air, and then standing on the ground."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surefoot_calibration.air.parameters import JointParameters
    from surefoot_calibration.ground.synthetic import HiddenRobot
    from surefoot_calibration.log.joint_log import JointLog
    from surefoot_robots.spec import RobotSpec
    from surefoot_training.simulated.config import Truth


def identify_hidden(robot: RobotSpec, truth: Truth, seed: int, file: Path, threads: int) -> None:
    """Write its calibration; that of its joints alone, as the air told it, is kept beside it."""
    from surefoot_calibration.calibration_file import write_calibration
    from surefoot_calibration.ground.calibration import ground_mapping
    from surefoot_calibration.ground.identify import identify_on_ground
    from surefoot_calibration.ground.plan import GroundOptions, make_ground_plan, standing_gains
    from surefoot_calibration.ground.synthetic import ground_log
    from surefoot_robots.calibration import read_calibration

    hidden, gains = hidden_robot_of(robot, truth), standing_gains(robot)
    joints = file.with_name(f"{file.stem}-air{file.suffix}")
    _in_air(robot, hidden.joints, seed, joints, threads)
    options = GroundOptions()
    plan = make_ground_plan(robot, options, gains)
    log = ground_log(robot, hidden, plan.target_rad, gains, rate_hz=options.rate_hz, seed=seed)
    found = identify_on_ground([log], robot, read_calibration(joints, robot), _silent, threads)
    write_calibration(file, ground_mapping(robot, found, _source(log), joints))


def hidden_robot_of(robot: RobotSpec, truth: Truth) -> HiddenRobot:
    """What logs are made of: the very robot that policies are examined on."""
    import numpy as np

    from surefoot_calibration.air.parameters import KINDS, JointParameters
    from surefoot_calibration.ground.parameters import nominal_ground
    from surefoot_calibration.ground.synthetic import HiddenRobot
    from surefoot_training.evaluate.body import known_calibration
    from surefoot_training.simulated.config import own_values
    from surefoot_training.task.calibrated import measured_robot

    table = np.array([own_values(truth, robot)[kind] for kind in KINDS])
    delay_s = robot.action_delay_s if truth.action_delay_s is None else truth.action_delay_s
    body = measured_robot(robot, known_calibration(truth, robot, "truth"))
    return HiddenRobot(JointParameters.of_table(table, delay_s), nominal_ground(body))


def _in_air(robot: RobotSpec, hidden: JointParameters, seed: int, file: Path, threads: int) -> None:
    import numpy as np

    from surefoot_calibration.air.identify import identify_in_air
    from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
    from surefoot_calibration.air.synthetic import synthetic_log
    from surefoot_calibration.calibration_file import calibration_mapping, write_calibration

    options = PlanOptions()
    plan = make_plan(robot, options, random_phases(np.random.default_rng(0)))
    log = synthetic_log(robot, hidden, plan.target_rad, rate_hz=options.rate_hz, seed=seed)
    found = identify_in_air([log], robot, _silent, threads)
    write_calibration(file, calibration_mapping(robot, "in-air", found, _source(log)))


def _source(log: JointLog) -> dict[str, object]:
    digest = hashlib.sha256(log.position_rad.tobytes()).hexdigest()
    return {
        "made": {"at": datetime.now(UTC).isoformat(timespec="seconds")},
        "logs": [{"file": "simulated", "sha256": digest, "seconds": log.seconds}],
    }


def _silent(_note: str) -> None:
    """Half a minute wants no more than the bar of whoever asks."""
