"""What was found on the ground, in one file with the joints that it began with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from surefoot_calibration.air.identify import Identification
from surefoot_calibration.calibration_file import calibration_mapping
from surefoot_calibration.ground.identify import GroundIdentification
from surefoot_robots.calibration import called, read_calibration
from surefoot_robots.spec import RobotSpec
from surefoot_robots.yamlfile import read_mapping

Plain: TypeAlias = object
PROTOCOL = "ground"


def ground_mapping(
    robot: RobotSpec, found: GroundIdentification, source: Mapping[str, Plain], joints: Path | None
) -> dict[str, Plain]:
    """The content of a file. Of what the joints' file has of the trunk already, the new log's is kept."""
    as_in_air = Identification(found.estimates, found.held_out, (), found.samples, found.outliers)
    content = calibration_mapping(robot, PROTOCOL, as_in_air, source)
    if joints is None:
        return content
    before, file = read_calibration(joints, robot), read_mapping(joints)
    new = {(one.name, one.joint) for one in found.estimates}
    rows, logs = file["parameters"], file.get("logs")
    assert isinstance(rows, list)  # read_calibration has looked
    kept = [row for row, one in zip(rows, before.measured, strict=True) if (one.name, one.joint) not in new]
    own_logs = content["logs"]
    assert isinstance(own_logs, list)
    parts = (*before.protocol.split("+"), PROTOCOL)
    return {
        **content,
        "protocol": "+".join(dict.fromkeys(parts)),
        "logs": [*(logs if isinstance(logs, list) else []), *own_logs],
        **({"sensors": file["sensors"]} if "sensors" in file else {}),
        "joined": [called(before.name, before.sha256)],
        "parameters": [*kept, *(asdict(one) for one in found.estimates)],
    }
