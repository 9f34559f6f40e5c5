"""Pictures of a robot on its course, with what it was asked for, what it did, and what it believes it did."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from surefoot_training.evaluate.course import Shot, Stage
from surefoot_training.sim.portrait import Arrow, Portrait, View
from surefoot_training.task.terrain import heights_at

FRAMES_PER_S = 25

_COMMAND, _TRUE, _ESTIMATE = (0.18, 0.43, 0.90, 1.0), (0.13, 0.62, 0.28, 1.0), (0.90, 0.42, 0.14, 1.0)
_ARROW_M_PER_MPS = 0.7
_SHORTEST_ARROW_MPS = 0.03
_LOWEST_ARROW_M, _ARROW_SPACING_M = 0.22, 0.05  # over the base's origin, one arrow above the other
_VIEW = View(
    look_at=(0.0, 0.0, 0.3), distance_m=2.0, azimuth_deg=125.0, elevation_deg=-18.0, width_px=800, height_px=450
)
_CAMERA_LAG_S = 0.3
_LOOK_ABOVE_M = 0.45  # the ground: the robot is then below the caption
_FELL_SHOWN_S = 1.0


def frames_of(shots: Sequence[Shot], frames_per_s: int = FRAMES_PER_S) -> list[int]:
    """Which shots become pictures, evenly in time."""
    dt_s = shots[0].time_s
    count = max(1, int(len(shots) * dt_s * frames_per_s + 1e-6))
    return [min(round(frame / (frames_per_s * dt_s)), len(shots) - 1) for frame in range(count)]


def draw_frames(stage: Stage, shots: Sequence[Shot], chosen: Sequence[int], title: str) -> Iterator[np.ndarray]:
    """A picture [height, width, 3] uint8 of every chosen shot."""
    looks = _camera_path(stage, shots)
    portrait = Portrait(stage.arena.simulator.robot, stage.ground, _VIEW)
    try:
        for index in chosen:
            shot = shots[index]
            view = replace(_VIEW, look_at=looks[index])
            picture = portrait.draw(shot.qpos[None], view, arrows_of(shot))
            fell = any(
                other.fell for other in shots[max(0, index - round(_FELL_SHOWN_S / shots[0].time_s)) : index + 1]
            )
            yield _captioned(picture, shot, title, fell=fell)
    finally:
        portrait.close()


def arrows_of(shot: Shot) -> list[Arrow]:
    """Velocities as arrows over the robot, in the world: command lowest, then the truth, then the estimate."""
    arrows = []
    for row, (velocity, colour) in enumerate(
        ((shot.command, _COMMAND), (shot.velocity_in_base, _TRUE), (shot.estimate_in_base, _ESTIMATE))
    ):
        if velocity is None or np.hypot(velocity[0], velocity[1]) < _SHORTEST_ARROW_MPS:
            continue
        x, y, z = (float(value) for value in shot.qpos[:3])
        z += _LOWEST_ARROW_M + row * _ARROW_SPACING_M
        cos, sin = math.cos(shot.heading_rad), math.sin(shot.heading_rad)
        ahead, left = (_ARROW_M_PER_MPS * float(value) for value in velocity[:2])
        arrows.append(Arrow((x, y, z), (x + cos * ahead - sin * left, y + sin * ahead + cos * left, z), colour))
    return arrows


def strip(pictures: Sequence[np.ndarray], columns: int = 2, width_px: int = 640) -> Image.Image:
    """Pictures side by side, row by row, made smaller: a film for those who cannot watch one."""
    height_px = round(width_px * pictures[0].shape[0] / pictures[0].shape[1])
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * width_px, rows * height_px), "white")
    for index, picture in enumerate(pictures):
        row, column = divmod(index, columns)
        small = Image.fromarray(picture).resize((width_px, height_px), Image.Resampling.LANCZOS)
        sheet.paste(small, (column * width_px, row * height_px))
    return sheet


def _camera_path(stage: Stage, shots: Sequence[Shot]) -> list[tuple[float, float, float]]:
    """Where the camera looks: at the robot over its ground, without every jolt.

    A robot that fell is put back far off, and the camera jumps with it.
    """
    share = min(1.0, shots[0].time_s / _CAMERA_LAG_S)
    looks: list[tuple[float, float, float]] = []
    look = None
    for index, shot in enumerate(shots):
        x, y = shot.qpos[:2]
        ground = float(heights_at(stage.ground, np.array([x]), np.array([y]))[0])
        wanted = np.array([x, y, ground + _LOOK_ABOVE_M])
        jumps = look is None or (index and shots[index - 1].fell)
        look = wanted if jumps else look + share * (wanted - look)
        looks.append((float(look[0]), float(look[1]), float(look[2])))
    return looks


def _captioned(picture: np.ndarray, shot: Shot, title: str, *, fell: bool) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(picture))
    pen = ImageDraw.Draw(image, "RGBA")
    font = ImageFont.load_default(18)
    lines = [
        (f"{title}   {shot.time_s:.1f} s", (0.1, 0.1, 0.1, 1.0), None),
        ("command", _COMMAND, (*shot.command[:2], shot.command[2])),
        ("true", _TRUE, (*shot.velocity_in_base[:2], shot.yaw_rate_radps)),
    ]
    if shot.estimate_in_base is not None:
        lines.append(("estimate", _ESTIMATE, (*shot.estimate_in_base[:2], None)))
    pen.rectangle((10, 10, 550, 20 + 26 * len(lines)), fill=(255, 255, 255, 190))
    for row, (label, rgba, values) in enumerate(lines):
        y, colour = 14 + 26 * row, tuple(round(200 * share) for share in rgba[:3])
        pen.text((20, y), label, fill=colour, font=font)
        for column, (value, unit) in enumerate(zip(values or (), ("m/s ahead", "m/s left", "rad/s"), strict=False)):
            if value is not None:
                pen.text((110 + 155 * column, y), f"{round(float(value), 2) + 0.0:+.2f} {unit}", fill=colour, font=font)
    if fell:
        pen.text((20, image.height - 40), "fell", fill=(200, 30, 30), font=ImageFont.load_default(28))
    return np.asarray(image)
