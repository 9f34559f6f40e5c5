"""Array helpers that run on NumPy arrays and torch tensors alike, and the random source of the task.

Quaternions are w, x, y, z and turn base into world. Functions take any leading axes and keep float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from statistics import NormalDist
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
    # By floor, here and elsewhere: the remainder `%` takes several times as long.
    turns = namespace(angle_rad).floor(angle_rad * (0.5 / math.pi) + 0.5)
    return angle_rad - turns * (2 * math.pi)


def fraction_of(value: Array) -> Array:
    """What lies beyond the next lower whole number, 0 to 1."""
    return value - namespace(value).floor(value)


def rotate_into_base(quaternion_wxyz: Array, vector_in_world: Array) -> Array:
    """Vectors of the world [..., 3] as the base sees them; quaternions [..., 4] broadcast."""
    return (vector_in_world[..., None, :] @ rotation_of(quaternion_wxyz))[..., 0, :]


def rotate_into_world(quaternion_wxyz: Array, vector_in_base: Array) -> Array:
    """Vectors of the base [..., 3] as the world sees them; quaternions [..., 4] broadcast."""
    return (rotation_of(quaternion_wxyz) @ vector_in_base[..., None])[..., 0]


def rotation_of(quaternion_wxyz: Array) -> Array:
    """Rotation matrices [..., 3, 3], whose columns are the axes of the base in the world.

    Made once for all that is to be turned: `in_world = rotation @ columns`, `in_base = rows @ rotation`.
    """
    xp = namespace(quaternion_wxyz)
    w, x, y, z = (quaternion_wxyz[..., i] for i in range(4))
    x2, y2, z2 = x + x, y + y, z + z
    xx, yy, zz, xy, xz, yz = x * x2, y * y2, z * z2, x * y2, x * z2, y * z2
    wx, wy, wz = w * x2, w * y2, w * z2
    rotation = xp.empty((*x.shape, 3, 3), dtype=x.dtype, device=x.device)
    rotation[..., 0, 0], rotation[..., 0, 1], rotation[..., 0, 2] = 1.0 - (yy + zz), xy - wz, xz + wy
    rotation[..., 1, 0], rotation[..., 1, 1], rotation[..., 1, 2] = xy + wz, 1.0 - (xx + zz), yz - wx
    rotation[..., 2, 0], rotation[..., 2, 1], rotation[..., 2, 2] = xz - wy, yz + wx, 1.0 - (xx + yy)
    return rotation


def gravity_in_base(rotation: Array) -> Array:
    """Unit vector of gravity as the base sees it [..., 3], by its rotation matrix; level: 0, 0, −1."""
    return -rotation[..., 2, :]


def yaw_of(rotation: Array) -> Array:
    """Heading of the base's x axis in the world, rad, by its rotation matrix."""
    return namespace(rotation).atan2(rotation[..., 1, 0], rotation[..., 0, 0])


def indices_where(mask: Array) -> Array:
    """Indices [n] of the rows where `mask` [N] is true."""
    return namespace(mask).nonzero(mask)[0]


@cache
def _normal_values() -> np.ndarray:
    """Equally likely values [65536] of the normal distribution, float32: its quantiles, scaled to a deviation of 1."""
    shares = (np.arange(2**15) + 0.5) / 2**16
    lower = np.array([NormalDist().inv_cdf(share) for share in shares])
    values: np.ndarray = np.concatenate([lower, -lower[::-1]])
    values /= values.std()
    return values.astype(np.float32)


class Rng:
    """The task's random source: drawn by NumPy's PCG64, handed out as float32 arrays of the wanted library.

    The same seed gives the same numbers whichever library and device hold them.
    """

    def __init__(self, seed: int, xp: Namespace, device: Device = None) -> None:
        if seed < 0:
            raise SurefootError(f"seed {seed} < 0", hint="give a whole number of at least 0")
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
        return self._give((low + share * (high - low)).clip(low, high))  # rounding may reach beyond the ends

    def normal(self, shape: int | tuple[int, ...]) -> Array:
        """Mean 0, standard deviation 1, by chance one of 65536 values: 4e-5 apart in the middle, 4.3 at most.

        Every control step draws thousands for the noise of sensors; looking them up takes a quarter of the time.
        """
        count = math.prod(shape) if isinstance(shape, tuple) else shape
        words = self._bits.random_raw(-(-count // 4))  # of 64 bits, four draws each
        return self._give(_normal_values().take(words.view(np.uint16)[:count]).reshape(shape))

    def integers(self, low: int, high: int, shape: int | tuple[int, ...]) -> Array:
        """From low to high − 1, int64."""
        return self._give(self._generator.integers(low, high, shape))

    def chance(self, probability: float | np.ndarray, shape: int | tuple[int, ...]) -> Array:
        """True with `probability`, one for all or (in host memory) one for each column, bool."""
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
