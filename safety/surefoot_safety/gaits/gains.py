"""Whether settings leave gaits the gains that they stand with: better said at the start than by a fall."""

from __future__ import annotations

from surefoot_robots.errors import SurefootError
from surefoot_robots.spec import RobotSpec
from surefoot_safety.gaits.plan import plan_of
from surefoot_safety.settings import CommandSettings


def check_gains(spec: RobotSpec, settings: CommandSettings) -> None:
    """Refuse limits that every gait of ours would break with its first target."""
    plan = plan_of(spec)
    needs = (
        ("kp_limit_nm_per_rad", max(plan.kp_nm_per_rad), settings.kp_limit_nm_per_rad),
        ("kd_limit_nms_per_rad", max(plan.kd_nms_per_rad), settings.kd_limit_nms_per_rad),
    )
    for name, needed, limit in needs:
        if not needed <= limit:
            raise SurefootError(
                f"command.{name} is {limit:g}, and the gaits of {spec.name} stand with {needed:.3g}",
                hint="allow as much in the robot's settings, or bring gaits of your own (--gaits)",
            )
