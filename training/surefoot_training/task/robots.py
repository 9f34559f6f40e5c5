"""The robots as randomized: what was drawn for each, given to the simulator and shown to the critic."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array, Simulator
from surefoot_training.task.arrays import Rng, load_arrays, to_numpy
from surefoot_training.task.physical import physical_values
from surefoot_training.task.randomization import (
    ParameterSample,
    PayloadChanges,
    RandomizationConfig,
    normalised,
    sample,
)

TRUNK = 0  # the first of a robot's links


class RandomizedRobots:
    """The physical parameters of N robots, drawn anew when they are reset."""

    def __init__(self, config: RandomizationConfig, simulator: Simulator) -> None:
        """All robots are without parameters of their own until `reset`."""
        self._config, self._simulator, self._xp = config, simulator, simulator.arrays
        self._joints = len(simulator.robot.joint_names)
        self._links = len(simulator.parameters["link_mass_kg"].nominal)
        self._payload = PayloadChanges(config, simulator.robots, self._xp)
        everyone = np.arange(simulator.robots)
        drawn = sample(config, simulator.robots, Rng(0, np), joints=self._joints, links=self._links)
        self._drawn: ParameterSample = {name: np.zeros_like(values) for name, values in drawn.items()}
        self.normalised: Array = self._xp.asarray(normalised(drawn, config))
        self.normalised[everyone] = 0.0

    def reset(self, ids: Array, rng: Rng) -> None:
        """Robots `ids` become other robots."""
        host_ids = to_numpy(ids)
        drawn = sample(self._config, len(host_ids), rng, joints=self._joints, links=self._links)
        for name, values in drawn.items():
            self._drawn[name][host_ids] = values
        self._simulator.set_parameters(host_ids, physical_values(drawn, self._simulator.parameters, TRUNK))
        self._show(ids, drawn)
        self._payload.reset(ids, rng)

    def step(self, dt_s: float, rng: Rng) -> None:
        """One control step: some robots are loaded or unloaded."""
        ids, added_kg = self._payload.step(dt_s, rng)
        if not len(added_kg):
            return
        host_ids = to_numpy(ids)
        self._drawn["base_mass_added_kg"][host_ids] = added_kg
        drawn = {name: values[host_ids] for name, values in self._drawn.items()}
        values = physical_values(drawn, self._simulator.parameters, TRUNK)
        changed = ("link_mass_kg", "link_inertia_kgm2")
        self._simulator.set_parameters(host_ids, {name: values[name] for name in changed})
        self._show(ids, drawn)

    def _show(self, ids: Array, drawn: ParameterSample) -> None:
        self.normalised[ids] = self._xp.asarray(normalised(drawn, self._config))

    def state_dict(self) -> dict[str, np.ndarray]:
        """What `load_state_dict` needs to go on exactly; what the simulator holds is the simulator's to save."""
        drawn = {f"drawn.{name}": values.copy() for name, values in self._drawn.items()}
        payload = {f"payload.{name}": values for name, values in self._payload.state_dict().items()}
        return drawn | payload | {"normalised": to_numpy(self.normalised)}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take up where `state_dict` left off."""
        for name, values in self._drawn.items():
            saved = state.get(f"drawn.{name}")
            if saved is None or saved.shape != values.shape:
                raise SurefootError(
                    f"saved randomization does not fit: {name} should have shape {values.shape}",
                    hint="resume with the same robot, task and number of robots",
                )
            values[:] = saved
        prefix = "payload."
        self._payload.load_state_dict(
            {name.removeprefix(prefix): v for name, v in state.items() if name.startswith(prefix)}
        )
        load_arrays(self, ("normalised",), state)
