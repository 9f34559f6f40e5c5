"""Writes the URDF files: `python -m surefoot_description.generate`. A test holds them to the specs."""

from __future__ import annotations

from pathlib import Path

from surefoot_robots.loader import available_robots, load_robot
from surefoot_robots.urdf import build_urdf

FOLDER = Path(__file__).parents[1] / "urdf"


def urdf_texts() -> dict[str, str]:
    """By robot."""
    return {name: build_urdf(load_robot(name)) for name in available_robots()}


def main() -> None:
    """Write them all."""
    for name, text in urdf_texts().items():
        (FOLDER / f"{name}.urdf").write_text(text)


if __name__ == "__main__":
    main()
