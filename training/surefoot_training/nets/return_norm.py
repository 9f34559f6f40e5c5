"""Returns with mean 0 and deviation 1, for a critic to learn."""

from __future__ import annotations

from torch import Tensor

from surefoot_training.nets.running_norm import RunningNorm


class ReturnNorm:
    """Running statistics of returns; without `enabled`, everything stays as it is."""

    def __init__(self, enabled: bool) -> None:
        self._enabled = enabled
        self._norm = RunningNorm(1)

    def update(self, returns: Tensor) -> None:
        """Take returns of any shape into account."""
        if self._enabled:
            self._norm.update(returns.reshape(-1, 1))

    def normalize(self, returns: Tensor) -> Tensor:
        """Returns -> what the critic learns."""
        return (returns - self._norm.mean) / self._norm.std if self._enabled else returns

    def restore(self, value: Tensor) -> Tensor:
        """What the critic says -> returns."""
        return value * self._norm.std + self._norm.mean if self._enabled else value

    def state_dict(self) -> dict[str, Tensor]:
        """What `load_state_dict` needs to go on exactly."""
        return {name: value.clone() for name, value in self._norm.state_dict().items()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Take up where `state_dict` left off."""
        self._norm.load_state_dict(state)
