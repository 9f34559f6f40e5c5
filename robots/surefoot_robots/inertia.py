"""Mass, centre of mass and inertia of a rigid body: mirrored, moved and added up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vector3: TypeAlias = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Inertia:
    """Rotational inertia about the centre of mass, along the link's axes, kg m²."""

    xx: float
    xy: float
    xz: float
    yy: float
    yz: float
    zz: float

    def matrix(self) -> NDArray[np.float64]:
        """As a symmetric [3, 3] matrix."""
        return np.array([[self.xx, self.xy, self.xz], [self.xy, self.yy, self.yz], [self.xz, self.yz, self.zz]])

    @classmethod
    def of_matrix(cls, matrix: NDArray[np.float64]) -> Inertia:
        """From a symmetric [3, 3] matrix."""
        xx, xy, xz, yy, yz, zz = (float(matrix[i, j]) for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)))
        return cls(xx, xy, xz, yy, yz, zz)


@dataclass(frozen=True, slots=True)
class Inertial:
    """What a link weighs, where its centre of mass is in the link's frame, and how it resists turning."""

    mass_kg: float
    com_m: Vector3
    inertia_kgm2: Inertia

    def mirrored(self, *, x: bool, y: bool) -> Inertial:
        """The mirror image across the plane x = 0, y = 0, or both.

        Products of inertia with one flipped axis change sign.
        """
        sx, sy = (-1.0 if x else 1.0), (-1.0 if y else 1.0)
        com = (sx * self.com_m[0], sy * self.com_m[1], self.com_m[2])
        i = self.inertia_kgm2
        return Inertial(self.mass_kg, com, Inertia(i.xx, sx * sy * i.xy, sx * i.xz, i.yy, sy * i.yz, i.zz))

    def shifted(self, offset_m: Vector3) -> Inertial:
        """The same body seen from a frame in which this link's origin lies at `offset_m`."""
        x, y, z = (c + o for c, o in zip(self.com_m, offset_m, strict=True))
        return Inertial(self.mass_kg, (x, y, z), self.inertia_kgm2)


def rigid_sum(*parts: Inertial) -> Inertial:
    """Several bodies rigidly joined, all given in one frame (parallel-axis theorem)."""
    mass_kg = sum(part.mass_kg for part in parts)
    coms = np.array([part.com_m for part in parts])
    masses = np.array([part.mass_kg for part in parts])
    com = masses @ coms / mass_kg
    total = np.zeros((3, 3))
    for part, mass, position in zip(parts, masses, coms, strict=True):
        lever = position - com
        total += part.inertia_kgm2.matrix() + mass * (lever @ lever * np.eye(3) - np.outer(lever, lever))
    return Inertial(float(mass_kg), (float(com[0]), float(com[1]), float(com[2])), Inertia.of_matrix(total))
