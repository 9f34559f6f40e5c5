"""What comparison finds, on a world and policies whose numbers are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from surefoot_policy.export import replay
from surefoot_policy.export_graph import to_graph
from surefoot_policy.export_module import Flat
from surefoot_policy.export_parity import Episode, Parity, TorchPlayer, compare, record_episode, steps_of
from surefoot_robots.errors import SurefootError


class Counting(nn.Module):
    """Its target is how often it was asked since reset, in steps of 1/8, plus what it sees."""

    def initial_state(self, batch: int) -> dict[str, Tensor]:
        return {"asked": torch.full((batch, 1), 1.0)}

    def forward(
        self, observation: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        asked = state["asked"] + 0.125
        return asked + observation, {"asked": asked}, {"velocity_in_base": observation}


class World:
    """Robot i senses its last target halved, and begins anew every 4 + i steps, sensing 0."""

    def __init__(self, robots: int = 2) -> None:
        self.robots, self._seen, self._age = robots, np.zeros((robots, 1), np.float32), np.zeros(robots, int)
        self.targets: list[np.ndarray] = []

    def observation(self) -> np.ndarray:
        return self._seen

    def step(self, joint_target: np.ndarray) -> np.ndarray:
        self.targets.append(joint_target)
        self._age += 1
        ids = np.flatnonzero(self._age >= 4 + np.arange(self.robots))
        self._seen = 0.5 * joint_target
        self._seen[ids], self._age[ids] = 0.0, 0
        return ids


class Off(TorchPlayer):
    """Off by a given error, and perhaps forgetful of resets."""

    def __init__(self, robots: int, error: float, *, resets: bool = True) -> None:
        super().__init__(Counting(), robots)
        self._error, self._resets = np.float32(error), resets

    def reset(self, ids: np.ndarray) -> None:
        if self._resets:
            super().reset(ids)

    def tick(self, observation: np.ndarray) -> np.ndarray:
        return super().tick(observation) + self._error


def test_the_same_is_the_same():
    steps = []
    found = compare(Counting(), lambda n: TorchPlayer(Counting(), n), World, 19, lambda: steps.append(1))
    # 10 steps of 2 robots; they begin anew after 4, 8 and 5, 10.
    assert found == Parity(ticks=20, episodes=2 * (2 + 4), module_drives_rad=0.0, export_drives_rad=0.0)
    assert len(steps) == 2 * steps_of(2, 19) == 20
    assert found.holds


def test_the_largest_difference_counts():
    found = compare(Counting(), lambda n: Off(n, -0.25), World, 8)
    assert (found.module_drives_rad, found.export_drives_rad, found.worst_rad) == (0.25, 0.25, 0.25)
    assert not found.holds


def test_whoever_forgets_to_reset_is_found():
    found = compare(Counting(), lambda n: Off(n, 0.0, resets=False), World, 20)
    assert found.worst_rad == 8 * 0.125, "robot 0 was asked eight times before its third episode"


def test_numbers_that_are_none_never_hold():
    assert not compare(Counting(), lambda n: Off(n, math.nan), World, 8).holds
    assert not Parity(1, 1, 0.0, math.nan).holds
    assert not Parity(1, 1, math.nan, 0.0).holds
    assert Parity(1, 1, 1e-4, 0.0).holds


def test_a_recorded_episode_is_what_one_robot_did():
    episode = record_episode(Counting(), World(), 3)
    # 1.125; 1.25 + 1.125 / 2; 1.375 + 1.8125 / 2
    assert episode.joint_target.tolist() == [[1.125], [1.8125], [2.28125]]
    assert episode.observation.tolist() == [[0.0], [0.5625], [0.90625]]
    assert replay(TorchPlayer(Counting(), 1), episode) == 0.0
    assert replay(Off(1, 0.5), episode) == 0.5
    with pytest.raises(SurefootError, match="broke off after 4 of 4 ticks"):
        record_episode(Counting(), World(), 4)


def test_a_fault_after_the_first_tick_shows_in_a_replay():
    episode = record_episode(Counting(), World(), 3)
    late = Episode(episode.observation, episode.joint_target + np.array([[0.0], [0.0], [0.125]], np.float32))
    assert replay(TorchPlayer(Counting(), 1), late) == 0.125


# The graph


def test_names_are_the_contracts():
    flat = Flat(Counting(), 1)
    assert flat.input_names == ["observation", "state.asked"]
    assert flat.output_names == ["joint_target", "state.asked.next", "estimate.velocity_in_base"]
    assert {name: value.tolist() for name, value in flat.initial().items()} == {"asked": [1.0]}
    graph = to_graph(flat).graph
    assert [value.name for value in graph.input] == flat.input_names
    assert [value.name for value in graph.output] == flat.output_names


class Lonely(Counting):
    """Takes Python's word for the batch."""

    def forward(
        self, observation: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        return super().forward(observation + torch.zeros(len(observation), 1), state)


class Renaming(Counting):
    def forward(
        self, observation: Tensor, state: dict[str, Tensor]
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        target, following, _ = super().forward(observation, state)
        return target, {"other": following["asked"]}, {}


def test_policies_for_one_size_of_batch_are_refused():
    with pytest.raises(SurefootError, match="cannot be turned into a graph"):
        to_graph(Flat(Lonely(), 1))


def test_states_keep_their_names():
    with pytest.raises(SurefootError, match="remembers other after a tick, asked before"):
        Flat(Renaming(), 1)
