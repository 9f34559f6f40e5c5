"""Array helpers that run on NumPy arrays and torch tensors alike, and the random source of the task.

Quaternions are w, x, y, z and turn base into world. Functions take any leading axes and keep float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import array_api_compat
import array_api_compat.numpy
import numpy as np

from surefoot_robots.errors import SurefootError
from surefoot_training.sim.simulator import Array

Namespace: TypeAlias = Any
"""A module of the array API: `array_api_compat.numpy` or `array_api_compat.torch`."""

Device: TypeAlias = Any
"""Where that module keeps its arrays; None for its default."""

_namespaces: dict[type, Namespace] = {}


def namespace(array: Array) -> Namespace:
    """The array library of `array`, looked up once per type: the look-up itself costs more than most operations."""
    kind = type(array)
    if kind not in _namespaces:
        _namespaces[kind] = array_api_compat.array_namespace(array)
    return _namespaces[kind]


def to_numpy(array: Array) -> np.ndarray:
    """A copy in host memory."""
    return np.asarray(array_api_compat.to_device(array, "cpu")).copy()


def square_sum(vectors: Array) -> Array:
    """Sum of squares over the last axis, in one pass and without a temporary."""
    return namespace(vectors).vecdot(vectors, vectors)


def horizontal_length(vectors: Array) -> Array:
    """Length of the x, y part of vectors [..., 2 or more]."""
    return (vectors[..., 0] ** 2 + vectors[..., 1] ** 2) ** 0.5


def wrap_angle(angle_rad: Array) -> Array:
    """The same angle within −π..π."""
    return (angle_rad + math.pi) % (2 * math.pi) - math.pi


def rotate_into_base(quaternion_wxyz: Array, vector_in_world: Array) -> Array:
    """Vectors of the world [..., 3] as the base sees them; quaternions [..., 4] broadcast."""
    return _rotate(quaternion_wxyz, vector_in_world, -1.0)


def rotate_into_world(quaternion_wxyz: Array, vector_in_base: Array) -> Array:
    """Vectors of the base [..., 3] as the world sees them; quaternions [..., 4] broadcast."""
    return _rotate(quaternion_wxyz, vector_in_base, 1.0)


def _rotate(quaternion_wxyz: Array, vector: Array, sense: float) -> Array:
    # v + 2 w (u × v) + 2 u × (u × v) with u the vector part; the inverse rotation has −u, and w unchanged.
    w = quaternion_wxyz[..., 0] * sense
    x, y, z = quaternion_wxyz[..., 1], quaternion_wxyz[..., 2], quaternion_wxyz[..., 3]
    a, b, c = vector[..., 0], vector[..., 1], vector[..., 2]
    p, q, r = 2.0 * (y * c - z * b), 2.0 * (z * a - x * c), 2.0 * (x * b - y * a)
    turned = [a + w * p + (y * r - z * q), b + w * q + (z * p - x * r), c + w * r + (x * q - y * p)]
    return namespace(vector).stack(turned, axis=-1)


def gravity_in_base(quaternion_wxyz: Array) -> Array:
    """Unit vector of gravity as the base sees it [..., 3]; level: 0, 0, −1."""
    w, x, y, z = (quaternion_wxyz[..., i] for i in range(4))
    parts = [2.0 * (w * y - x * z), -2.0 * (y * z + w * x), 2.0 * (x * x + y * y) - 1.0]
    return namespace(quaternion_wxyz).stack(parts, axis=-1)


def yaw_of(quaternion_wxyz: Array) -> Array:
    """Heading of the base's x axis in the world, rad."""
    w, x, y, z = (quaternion_wxyz[..., i] for i in range(4))
    return namespace(quaternion_wxyz).atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def indices_where(mask: Array) -> Array:
    """Indices [n] of the rows where `mask` [N] is true."""
    return namespace(mask).nonzero(mask)[0]


class Rng:
    """The task's random source: drawn by NumPy's PCG64, handed out as float32 arrays of the wanted library.

    The same seed gives the same numbers whichever library and device hold them.
    """

    def __init__(self, seed: int, xp: Namespace, device: Device = None) -> None:
        self._bits = np.random.PCG64(seed)
        self._generator = np.random.Generator(self._bits)
        self._xp, self._device = xp, device

    def on_host(self) -> Rng:
        """The same source (one sequence), handing out NumPy arrays."""
        host = object.__new__(Rng)
        host._bits, host._generator = self._bits, self._generator
        host._xp, host._device = array_api_compat.numpy, None
        return host

    def uniform(self, low: float, high: float, shape: int | tuple[int, ...]) -> Array:
        """Evenly from low to high."""
        low, high = float(low), float(high)  # a NumPy scalar would make the result float64
        share = self._generator.random(shape, dtype=np.float32)
        return self._give(np.clip(low + share * (high - low), low, high))  # rounding may reach beyond the ends

    def normal(self, shape: int | tuple[int, ...]) -> Array:
        """Mean 0, standard deviation 1."""
        return self._give(self._generator.standard_normal(shape, dtype=np.float32))

    def integers(self, low: int, high: int, shape: int | tuple[int, ...]) -> Array:
        """From low to high − 1, int64."""
        return self._give(self._generator.integers(low, high, shape))

    def chance(self, probability: float, shape: int | tuple[int, ...]) -> Array:
        """True with `probability`, bool."""
        return self._give(self._generator.random(shape, dtype=np.float32) < probability)

    def state_dict(self) -> dict[str, np.ndarray]:
        """Where in its sequence the source is."""
        state: Mapping[str, Any] = self._bits.state
        words = [half for key in ("state", "inc") for half in divmod(state["state"][key], 2**64)]
        return {"pcg64": np.array([*words, state["has_uint32"], state["uinteger"]], dtype=np.uint64)}

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from where `state_dict` was taken."""
        words = [int(word) for word in state["pcg64"]]
        self._bits.state = {
            "bit_generator": "PCG64",
            "state": {"state": words[0] * 2**64 + words[1], "inc": words[2] * 2**64 + words[3]},
            "has_uint32": words[4],
            "uinteger": words[5],
        }

    def _give(self, drawn: np.ndarray) -> Array:
        return self._xp.asarray(drawn, device=self._device)


def save_arrays(owner: object, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Copies of the named array attributes, under their names without a leading underscore."""
    return {name.lstrip("_"): to_numpy(getattr(owner, name)) for name in names}


def load_arrays(owner: object, names: Sequence[str], state: Mapping[str, np.ndarray]) -> None:
    """Put back what `save_arrays` took, in place; all shapes are checked before anything changes."""
    what = type(owner).__name__
    for name in names:
        key, shape = name.lstrip("_"), tuple(getattr(owner, name).shape)
        if key not in state:
            raise SurefootError(f"{what}: the saved state lacks {key}", hint="it holds: " + ", ".join(sorted(state)))
        if tuple(state[key].shape) != shape:
            raise SurefootError(
                f"{what}: {key} was saved with shape {tuple(state[key].shape)}, here it is {shape}",
                hint="resume with the same robot, task and number of robots",
            )
    for name in names:
        target = getattr(owner, name)
        target[...] = namespace(target).asarray(state[name.lstrip("_")], device=array_api_compat.device(target))
