"""Per-robot physical parameters of the MuJoCo batch: names in SI units -> fields of the engine's model.

Values are kept here by name; the engine's fields are derived from them, always from the full set, so that setting one
never forgets another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import mujoco
import numpy as np
from mujoco.batch import Batch

from surefoot_robots.model import KD_INDEX, KP_INDEX, delay_on_grid_s
from surefoot_robots.spec import RobotSpec
from surefoot_training.sim.simulator import Parameter, check_parameter_values

_RESISTANCE_INDEX, _VOLTAGE_INDEX = 0, 7  # in gainprm of a dcmotor; tests compare the torque-speed curve that results
# A foot that rebounds less is damped so much that physics steps of 5 ms would have to be stiffer than they can.
SMALLEST_RESTITUTION = 0.05


class RobotParameters:
    """What can differ between the robots of one batch."""

    def __init__(self, batch: Batch, model: mujoco.MjModel, robot: RobotSpec, max_action_delay_s: float) -> None:
        """Expand the model fields that the parameters need; all robots start nominal."""
        self._batch, self._model = batch, model
        self._links = np.array([i for i in range(1, model.nbody) if model.body_mass[i] > 0])
        self._feet = np.array([model.geom(foot).id for foot in robot.foot_names])
        self.described: Mapping[str, Parameter] = MappingProxyType(self._describe(robot, max_action_delay_s))
        everyone = batch.nsim
        self._values = {
            name: np.tile(p.nominal, (everyone,) + (1,) * p.nominal.ndim) for name, p in self.described.items()
        }
        self._any_dead_zone = False
        self._dead_zone_rad = self._values["dead_zone_rad"].astype(np.float32)
        self._fields = {name: batch.expand(name) for name in _EXPANDED}
        # The engine's own feet are nominal but for rounding: robots never set and robots restored shall be the same.
        self._write_feet(np.arange(everyone))
        batch.set_const()

    @property
    def link_names(self) -> tuple[str, ...]:
        """The links of `link_mass_kg` and its kin, in order."""
        return tuple(self._model.body(int(i)).name for i in self._links)

    def _describe(self, robot: RobotSpec, max_action_delay_s: float) -> dict[str, Parameter]:
        model, links = self._model, self._links
        joints = slice(6, None)
        tiny = 1e-9

        def per_joint(value: np.ndarray | float) -> np.ndarray:
            return np.broadcast_to(np.asarray(value, dtype=np.float64), (len(robot.joint_names),)).copy()

        return {
            "link_mass_kg": Parameter("kg", model.body_mass[links].copy(), tiny, doc="mass of each link"),
            "link_inertia_kgm2": Parameter(
                "kg m²", model.body_inertia[links].copy(), tiny, doc="principal moments of each link"
            ),
            "link_com_m": Parameter("m", model.body_ipos[links].copy(), doc="centre of mass in the link's frame"),
            "joint_armature_kgm2": Parameter(
                "kg m²", model.dof_armature[joints].copy(), 0.0, doc="rotor inertia seen at the joint"
            ),
            "joint_damping_nms_per_rad": Parameter(
                "Nm s/rad", model.dof_damping[joints].copy(), 0.0, doc="viscous friction"
            ),
            "joint_friction_nm": Parameter("Nm", model.dof_frictionloss[joints].copy(), 0.0, doc="Coulomb friction"),
            "kp_nm_per_rad": Parameter("Nm/rad", per_joint(robot.kp_nm_per_rad), 0.0, doc="position gain"),
            "kd_nms_per_rad": Parameter("Nm s/rad", per_joint(robot.kd_nms_per_rad), 0.0, doc="damping gain"),
            "motor_strength": Parameter(
                "1", per_joint(1.0), 0.0, 10.0, doc="torque the motor gives per torque commanded"
            ),
            "torque_limit_nm": Parameter(
                "Nm", per_joint(robot.torque_limit_nm), tiny, doc="peak torque; the torque-speed line scales with it"
            ),
            "no_load_speed_radps": Parameter(
                "rad/s",
                per_joint(robot.speed_limit_radps),
                tiny,
                doc="where the torque-speed line meets zero; in proportion to the supply's voltage",
            ),
            "dead_zone_rad": Parameter(
                "rad", per_joint(0.0), 0.0, 0.2, doc="position error the motor does not answer (per control step)"
            ),
            "action_delay_s": Parameter(
                "s",
                np.array(robot.action_delay_s),
                0.0,
                max_action_delay_s,
                doc="joint target to motor, to the next whole physics step",
            ),
            "foot_friction": Parameter("1", np.array(model.geom_friction[self._feet[0], 0]), 0.0, 10.0, doc="sliding"),
            "restitution": Parameter(
                "1",
                restitution_of_damping_ratio(np.array(model.geom_solref[self._feet[0], 1])),
                SMALLEST_RESTITUTION,
                0.9,
                doc="rebound speed over impact speed of a foot; a contact here gives no less than the lower bound",
            ),
            "gravity_mps2": Parameter("m/s²", model.opt.gravity.copy(), -30.0, 30.0, doc="in the world frame"),
        }

    def set(self, ids: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Give robots `ids` their own values; all are checked before any is set."""
        checked = check_parameter_values(self.described, values, len(ids))
        if not len(ids):
            return
        for name, rows in checked.items():
            self._values[name][ids] = rows
        for names, write in self._writers():
            if not checked.keys().isdisjoint(names):
                write(ids)
        if not checked.keys().isdisjoint(_NEED_CONSTANTS):
            self._batch.set_const(ids)

    def get(self, ids: np.ndarray) -> dict[str, np.ndarray]:
        """The values robots `ids` have now."""
        return {name: value[ids] for name, value in self._values.items()}

    def _writers(self) -> tuple[tuple[tuple[str, ...], Callable[[np.ndarray], None]], ...]:
        return (
            (("link_mass_kg", "link_inertia_kgm2", "link_com_m"), self._write_links),
            (("joint_armature_kgm2", "joint_damping_nms_per_rad", "joint_friction_nm"), self._write_joints),
            (
                ("kp_nm_per_rad", "kd_nms_per_rad", "motor_strength", "torque_limit_nm", "no_load_speed_radps"),
                self._write_motors,
            ),
            (("action_delay_s",), self._write_delay),
            (("foot_friction", "restitution"), self._write_feet),
            (("gravity_mps2",), self._write_gravity),
            (("dead_zone_rad",), self._note_dead_zone),
        )

    def _write_links(self, ids: np.ndarray) -> None:
        at = np.ix_(ids, self._links)
        self._fields["body_mass"][at] = self._values["link_mass_kg"][ids]
        self._fields["body_inertia"][at] = self._values["link_inertia_kgm2"][ids]
        self._fields["body_ipos"][at] = self._values["link_com_m"][ids]

    def _write_joints(self, ids: np.ndarray) -> None:
        self._fields["dof_armature"][ids, 6:] = self._values["joint_armature_kgm2"][ids]
        self._fields["dof_damping"][ids, 6:] = self._values["joint_damping_nms_per_rad"][ids]
        self._fields["dof_frictionloss"][ids, 6:] = self._values["joint_friction_nm"][ids]

    def _write_motors(self, ids: np.ndarray) -> None:
        strength, limit = self._values["motor_strength"][ids], self._values["torque_limit_nm"][ids]
        gains = self._fields["actuator_gainprm"]
        gains[ids, :, KP_INDEX] = strength * self._values["kp_nm_per_rad"][ids]
        gains[ids, :, KD_INDEX] = strength * self._values["kd_nms_per_rad"][ids]
        # Torque beyond the limit's speed is K (V - K ω) / R: with R its whole line scales with the limit, with V it
        # moves sideways to another no-load speed V / K, and the limit, which is one of current, stays.
        nominal, model = self.described, self._model.actuator_gainprm
        weaker = nominal["torque_limit_nm"].nominal / limit
        slower = self._values["no_load_speed_radps"][ids] / nominal["no_load_speed_radps"].nominal
        gains[ids, :, _RESISTANCE_INDEX] = model[:, _RESISTANCE_INDEX] * weaker
        gains[ids, :, _VOLTAGE_INDEX] = model[:, _VOLTAGE_INDEX] * slower
        self._fields["actuator_forcerange"][ids] = np.stack([-limit, limit], axis=-1)

    def _write_delay(self, ids: np.ndarray) -> None:
        timestep_s = self._model.opt.timestep
        on_grid = [delay_on_grid_s(delay, timestep_s) for delay in self._values["action_delay_s"][ids]]
        self._fields["actuator_delay"][ids] = np.array(on_grid)[:, None]

    def _write_feet(self, ids: np.ndarray) -> None:
        at = np.ix_(ids, self._feet)
        self._fields["geom_friction"][(*at, 0)] = self._values["foot_friction"][ids][:, None]
        ratio = damping_ratio_of_restitution(self._values["restitution"][ids])[:, None]
        nominal_time, nominal_ratio = self._model.geom_solref[self._feet[0]]
        # Contact stiffness is 1 / (time constant * damping ratio)^2: keep it while the damping changes. Time constants
        # below two physics steps the engine raises to that; then the foot is softer, and rebounds as asked.
        self._fields["geom_solref"][(*at, 0)] = nominal_time * nominal_ratio / ratio
        self._fields["geom_solref"][(*at, 1)] = ratio

    def _write_gravity(self, ids: np.ndarray) -> None:
        self._fields["opt.gravity"][ids] = self._values["gravity_mps2"][ids]

    def _note_dead_zone(self, _ids: np.ndarray) -> None:
        self._any_dead_zone = bool((self._values["dead_zone_rad"] > 0).any())
        self._dead_zone_rad = self._values["dead_zone_rad"].astype(np.float32)

    def through_dead_zone(self, joint_target: np.ndarray, joint_position: np.ndarray) -> np.ndarray:
        """Joint targets as the motors act on them: errors within the dead zone give no torque.

        The engine has no such element, so it is evaluated once per control step, with the position at its start.
        """
        if not self._any_dead_zone:
            return joint_target
        unanswered = (joint_target - joint_position).clip(-self._dead_zone_rad, self._dead_zone_rad)
        effective: np.ndarray = joint_target - unanswered
        return effective

    def fill_delay_lines(self, history: np.ndarray, ids: np.ndarray, joint_target: np.ndarray) -> None:
        """As if `joint_target` [n, J] had been commanded for ever: a fresh delay line would hold zeros."""
        block = self._model.nhistory // self._model.nu if self._model.nu else 0
        samples = int(self._model.actuator_history[0, 0])
        # Per actuator the engine keeps: user, cursor, `samples` times, `samples` values.
        lines = history[ids].reshape(len(ids), self._model.nu, block)
        lines[:, :, 2 + samples :] = joint_target[:, :, None]
        history[ids] = lines.reshape(len(ids), -1)


_EXPANDED = (
    "body_mass",
    "body_inertia",
    "body_ipos",
    "dof_armature",
    "dof_damping",
    "dof_frictionloss",
    "actuator_gainprm",
    "actuator_forcerange",
    "actuator_delay",
    "geom_friction",
    "geom_solref",
    "opt.gravity",
)
_NEED_CONSTANTS = frozenset({"link_mass_kg", "link_inertia_kgm2", "link_com_m", "joint_armature_kgm2"})


def restitution_of_damping_ratio(ratio: np.ndarray) -> np.ndarray:
    """Rebound speed over impact speed of a spring-damper contact with damping ratio ζ > 0.

    A contact can push but not pull: it is over when its force reaches zero, while the spring is still pressed in, not
    when the two bodies are where they met. That leaves more than the usual exp(-πζ/√(1-ζ²)), and something even at and
    beyond critical damping: exp(-2) at ζ = 1 (Schwager and Pöschel 2007, arXiv cond-mat/0701278).
    """
    # Both branches tend to exp(-2 ζ) at 1, where neither is a number.
    distance = np.maximum(np.abs(1.0 - ratio**2), 1e-12)
    root = np.sqrt(distance)
    half_time = np.where(
        ratio < 1.0,
        np.arctan2(2.0 * ratio * root, 2.0 * ratio**2 - 1.0),
        2.0 * np.arctanh(np.minimum(root / ratio, 1.0 - 1e-15)),
    )
    rebound: np.ndarray = np.exp(-ratio / root * half_time)
    return rebound


def damping_ratio_of_restitution(restitution: np.ndarray) -> np.ndarray:
    """Damping ratio of a contact that rebounds with `restitution`, `SMALLEST_RESTITUTION` to 0.9."""
    ratio: np.ndarray = np.interp(-restitution, -_REBOUNDS, _RATIOS)  # which wants rising abscissas
    return ratio


_RATIOS = np.geomspace(0.01, 4.0, 2000)
_REBOUNDS = restitution_of_damping_ratio(_RATIOS)
