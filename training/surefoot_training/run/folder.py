"""A run's folder: what is in it, and that one run at a time writes there."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surefoot_robots.errors import SurefootError
from surefoot_training.run.checkpoint import CheckpointFolder
from surefoot_training.run.config import RunConfig, load_config, save_config

_LOCK = ".lock"


class RunFolder:
    """Where everything of a run is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.config, self.provenance = path / "config.yaml", path / "provenance.yaml"
        self.journal, self.curves, self.log = path / "progress.jsonl", path / "curves.png", path / "train.log"
        self.not_finite = path / "not-finite.pt"
        self.checkpoints = CheckpointFolder(path)

    def blow_ups(self, rank: int) -> Path:
        """For dumps of simulations that blew up in one process."""
        return self.path / "blow-ups" / f"process-{rank}"

    @contextmanager
    def locked(self, *, is_new: bool = True) -> Iterator[None]:
        """Nobody else writes here meanwhile; the lock goes with the process, however that ends."""
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
            yield

    def begin(self, config: RunConfig) -> None:
        """A new run, here."""
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
        save_config(config, self.config)

    def reopen(self, minutes: float | None, steps: int | None) -> RunConfig:
        """The run that is here, with another budget if one is given."""
        self._check_exists()
        before = load_config(self.config)
        config = before.with_budget(minutes, steps)
        if config != before:
            save_config(config, self.config)
        return config

    def _check_exists(self) -> None:
        if not self.config.exists():
            raise SurefootError(f"there is no run in {self.path}", hint="give its folder with --out")

    @contextmanager
    def logged(self) -> Iterator[None]:
        """What is logged goes to `train.log`, too."""
        handler = logging.FileHandler(self.log, encoding="utf-8")
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
