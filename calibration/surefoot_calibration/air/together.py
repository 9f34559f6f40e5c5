"""Several logs of one robot as one: their windows one after the other, each simulated with its own log's gains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from surefoot_calibration.air.model import AirModel
from surefoot_calibration.log.joint_log import FloatArray


class Together:
    """Models whose errors are minimized together; see `AirModel`."""

    def __init__(self, models: Sequence[AirModel]) -> None:
        self._models = models
        self._ends = np.cumsum([len(model.measured_rad) for model in models])
        self.joints = models[0].joints
        self.measured_rad = np.concatenate([model.measured_rad for model in models])

    @property
    def window_of(self) -> FloatArray:
        """The window of each sample, [S], counted through all logs."""
        first, parts = 0, []
        for model in self._models:
            parts.append(model.window_of + first)
            first += model.windows.count
        return np.concatenate(parts)

    def errors_rad(self, vector: FloatArray) -> FloatArray:
        """Simulated less measured angles, [S, J]."""
        return np.concatenate([model.errors_rad(vector) for model in self._models])

    def slopes(self, vector: FloatArray, errors_rad: FloatArray, steps: FloatArray) -> FloatArray:
        """How they change with each parameter, [S, J, P]."""
        parts = zip(self._models, np.split(errors_rad, self._ends[:-1]), strict=True)
        return np.concatenate([model.slopes(vector, errors, steps) for model, errors in parts])

    def start_slopes(self, vector: FloatArray, errors_rad: FloatArray) -> FloatArray:
        """How they change with the beginnings, [S, J, 2 ROLES]."""
        parts = zip(self._models, np.split(errors_rad, self._ends[:-1]), strict=True)
        return np.concatenate([model.start_slopes(vector, errors) for model, errors in parts])
