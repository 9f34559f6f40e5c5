"""Pictures into a file: a film, an animation, or a sheet of a few of them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np
from PIL import Image

from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate.film import strip

FORMATS = (".mp4", ".gif", ".png")
_GIF_WIDTH_PX = 480


def check_format(file: Path) -> None:
    """Refuse what nothing here can write, before minutes of work."""
    if file.suffix not in FORMATS:
        raise SurefootError(f"cannot write a film as {file.name}", hint="end the name with " + ", ".join(FORMATS))
    if not file.absolute().parent.is_dir():
        raise SurefootError(f"there is no folder {file.absolute().parent}", hint="make it, or write elsewhere")


def write_film(pictures: Iterable[np.ndarray], file: Path, frames_per_s: int) -> None:
    """Write pictures [height, width, 3] uint8 as the name of `file` says; a sheet holds them all."""
    if file.suffix == ".mp4":
        _write_mp4(pictures, file, frames_per_s)
    elif file.suffix == ".gif":
        _write_gif(pictures, file, frames_per_s)
    else:
        strip(list(pictures)).save(file)


def _write_mp4(pictures: Iterable[np.ndarray], file: Path, frames_per_s: int) -> None:
    import av

    frames = iter(pictures)
    first = next(frames)
    with av.open(str(file), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(frames_per_s), options={"crf": "23"})
        stream.height, stream.width = first.shape[:2]
        stream.pix_fmt = "yuv420p"  # what every player and browser shows
        for picture in chain([first], frames):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())


def _write_gif(pictures: Iterable[np.ndarray], file: Path, frames_per_s: int) -> None:
    small = []
    for picture in pictures:
        image = Image.fromarray(picture)
        small.append(image.resize((_GIF_WIDTH_PX, round(_GIF_WIDTH_PX * image.height / image.width))))
    first, *others = small
    first.save(file, save_all=True, append_images=others, duration=round(1000 / frames_per_s), loop=0)
