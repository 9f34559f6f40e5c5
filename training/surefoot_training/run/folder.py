"""A run's folder: what is in it, and that one run at a time writes there."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_robots.whole_file import write_whole
from surefoot_training.run.checkpoint import CheckpointFolder
from surefoot_training.run.config import RunConfig, load_config, save_config

_LOCK = ".lock"


class RunFolder:
    """Where everything of a run is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config, self.provenance = path / "config.yaml", path / "provenance.yaml"
        self.calibration = path / "calibration.yaml"
        self.journal, self.curves, self.log = path / "progress.jsonl", path / "curves.png", path / "train.log"
        self.checkpoints = CheckpointFolder(path)

    def blow_ups(self, rank: int) -> Path:
        """For dumps of simulations that blew up in one process."""
        return self.path / "blow-ups" / f"process-{rank}"

    def not_finite(self, rank: int) -> Path:
        """For what led to a NaN in one process; the leader's has the plain name."""
        return self.path / ("not-finite.pt" if rank == 0 else f"not-finite-{rank}.pt")

    @contextmanager
    def locked(self, *, is_new: bool = True) -> Iterator[None]:
        """Nobody else writes here meanwhile; the lock goes with the process, however that ends.

        A folder that was made for it and stayed empty is taken away again.
        """
        is_made_here = is_new and not self.path.exists()
        if is_new:
            self.path.mkdir(parents=True, exist_ok=True)
        else:
            self._check_exists()
        with (self.path / _LOCK).open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                file.seek(0)
                raise SurefootError(
                    f"another process is training in {self.path}: {file.read().strip() or 'it says no more'}",
                    hint="wait for it, stop it, or give another folder with --out",
                ) from error
            file.truncate(0)
            file.write(f"process {os.getpid()}\n")
            file.flush()
            try:
                yield
            finally:
                if is_made_here and [found.name for found in self.path.iterdir()] == [_LOCK]:
                    (self.path / _LOCK).unlink()
                    self.path.rmdir()

    def check_is_free(self) -> None:
        """Refuse to begin a new run over another, or among other files."""
        if self.config.exists():
            raise SurefootError(
                f"there is a run in {self.path} already",
                hint=f"go on with it: surefoot train --resume --out {self.path}; or give another folder with --out",
            )
        found = sorted(file.name for file in self.path.iterdir() if file.name != _LOCK)
        if found:
            raise SurefootError(
                f"{self.path} is not empty: it has {found[0]}", hint="give a new or empty folder with --out"
            )

    def load(self) -> RunConfig:
        """The run that is here."""
        self._check_exists()
        return load_config(self.config)

    def keep(self, config: RunConfig, calibration: bytes | None = None) -> None:
        """Of a new run, with the file it was calibrated by, or of the one that is here with another budget."""
        if calibration is not None:
            write_whole(self.calibration, lambda stream: stream.write(calibration))
        if not self.config.exists() or load_config(self.config) != config:
            save_config(config, self.config)

    def _check_exists(self) -> None:
        if not self.config.exists():
            raise SurefootError(f"there is no run in {self.path}", hint="give its folder with --out")

    @contextmanager
    def logged(self) -> Iterator[None]:
        """What is logged goes to `train.log`, too, which is made when there is something to say."""
        handler = logging.FileHandler(self.log, encoding="utf-8", delay=True)
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
        logger = logging.getLogger("surefoot_training")
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield
        finally:
            logger.setLevel(level)
            logger.removeHandler(handler)
            handler.close()
