"""`surefoot train` as a user runs it: processes of its own, signals, locks."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from surefoot.cli import main
from surefoot_training.run.checkpoint import read_checkpoint
from surefoot_training.run.config import RunConfig
from surefoot_training.run.crew import crew
from surefoot_training.run.sealed import checksum

ALONE = (sys.executable, "-m", "surefoot", "train")
TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
TWO = {"by itself": (*ALONE,), "by torchrun": (*TORCHRUN, "-m", "surefoot", "train")}
SMALL = ("agent.hidden=16", "agent.critic_hidden=16", "ppo.steps=16", "ppo.minibatches=2")
NEW = ("velocity-flat", "--robots", "8", "--threads", "1", "--set", *SMALL)
SAVED_OFTEN = ("--set", "save_minutes=0.0001")
STEPS_PER_ITERATION = 128


@contextmanager
def running(*words: str, folder: Path, iterations: int = 1) -> Iterator[subprocess.Popen[str]]:
    """A run that has kept so many iterations, or more."""
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            # What is saved after one iteration is there when the next has been written down.
            while process.poll() is None and lines(folder) <= iterations:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=0.05)
            assert process.returncode is None, process.communicate()
            yield process
        finally:
            process.kill()


def lines(folder: Path) -> int:
    file = folder / "progress.jsonl"
    return file.read_text().count("\n") if file.exists() else 0


def test_ctrl_c_saves_and_says_how_to_go_on(tmp_path, capsys):
    run = str(tmp_path)
    with running(*ALONE, *NEW, *SAVED_OFTEN, "--minutes", "30", "--out", run, folder=tmp_path) as process:
        assert main(["train", "--resume", "--out", run]) == 2
        assert f"another process is training in {run}: process {process.pid}" in capsys.readouterr().err
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=400)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "stopped and saved" in out
    assert f"to go on: surefoot train --resume --out {run}" in out
    iteration = read_checkpoint(tmp_path / "last.pt").iteration

    assert main(["train", *NEW, "--out", run]) == 2
    assert f"there is a run in {run} already" in capsys.readouterr().err

    assert main(["train", "--resume", "--out", run, "--steps", str(STEPS_PER_ITERATION * (iteration + 2))]) == 0
    said = capsys.readouterr()
    assert f"resumed after iteration {iteration}," in said.err
    assert f"finished after iteration {iteration + 2}," in said.err
    assert f"next: surefoot evaluate {run}" in said.out
    for name in ("config.yaml", "provenance.yaml", "last.pt", "previous.pt", "train.log"):
        assert (tmp_path / name).stat().st_size, name
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list(tmp_path.glob("events.out.tfevents.*"))


def test_a_run_that_is_killed_can_go_on_at_once(tmp_path, capsys):
    with running(*ALONE, *NEW, *SAVED_OFTEN, "--steps", "1e9", "--out", str(tmp_path), folder=tmp_path) as process:
        process.kill()
        process.wait()
    kept = read_checkpoint(tmp_path / "last.pt").iteration
    assert main(["train", "--resume", "--out", str(tmp_path), "--steps", str(STEPS_PER_ITERATION * (kept + 1))]) == 0
    assert f"resumed after iteration {kept}," in capsys.readouterr().err


def test_the_command_and_python_learn_the_same(config: RunConfig, undisturbed: Path, tmp_path):
    folder = tmp_path / "run"
    assert main(["train", *NEW, "--steps", str(config.steps), "--out", str(folder)]) == 0
    one, other = (read_checkpoint(folder / "last.pt") for folder in (folder, undisturbed))
    assert one.config_sha256 == other.config_sha256
    assert checksum(one.parts) == checksum(other.parts)


@pytest.fixture(scope="module")
def two_undisturbed(tmp_path_factory) -> Path:
    """What torchrun's two processes learn in one go."""
    whole = tmp_path_factory.mktemp("two") / "whole"
    words = (*TWO["by torchrun"], *NEW, "--steps", str(40 * STEPS_PER_ITERATION), "--out", str(whole))
    subprocess.run(words, capture_output=True, timeout=400, check=True)
    return whole


@pytest.mark.slow  # twenty-odd processes that import torch
@pytest.mark.parametrize("started", TWO)
def test_two_processes_killed_stopped_and_resumed_learn_the_same_to_the_bit(tmp_path, two_undisturbed, started):
    whole, parts, two = two_undisturbed, tmp_path / "parts", TWO[started]
    processes = ("--processes", "2") if started == "by itself" else ()
    words = (*two, *NEW, *processes, "--steps", str(40 * STEPS_PER_ITERATION), "--out")
    go_on = (*two, "--resume", "--out", str(parts))
    start = "surefoot train" if started == "by itself" else "torchrun --nproc-per-node 2 -m surefoot train"
    command = f"{start} --resume --out {parts}"

    with running(*words, str(parts), *SAVED_OFTEN, folder=parts) as process:
        os.kill(follower(process.pid), signal.SIGKILL)
        _, err = process.communicate(timeout=400)
    assert process.returncode != 0
    assert "error: another process of this run ended or hangs" in err
    assert command in err
    kept = read_checkpoint(parts / "last.pt")
    assert checksum(kept.parts[0]["agent"]) == checksum(kept.parts[1]["agent"])
    assert checksum(kept.parts[0]["problem"]) != checksum(kept.parts[1]["problem"])

    with running(*go_on, folder=parts, iterations=kept.iteration + 2) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=400)
    assert f"resumed after iteration {kept.iteration}," in err
    assert f"to go on: {command}" in out
    assert not read_checkpoint(parts / "last.pt").finished

    subprocess.run(go_on, capture_output=True, timeout=400, check=True)
    one, other = (read_checkpoint(folder / "last.pt") for folder in (whole, parts))
    assert (one.iteration, one.finished) == (other.iteration, other.finished) == (40, True)
    assert checksum(one.parts) == checksum(other.parts)


def test_followers_end_with_a_leader_that_is_killed(tmp_path):
    words = (*ALONE, *NEW, "--processes", "2", "--steps", "1e9", "--out", str(tmp_path))
    with running(*words, folder=tmp_path) as process:
        left = follower(process.pid)
        process.kill()
        process.wait()
    with suppress(ChildProcessError, ProcessLookupError):
        gone = os.pidfd_open(left)
        try:
            assert select.select([gone], [], [], 60.0)[0], f"process {left} goes on"
        finally:
            os.close(gone)


def test_a_follower_that_fails_is_quoted(monkeypatch):
    monkeypatch.setattr("surefoot_training.run.crew._WHY_S", 120.0)  # its start counts here
    with crew(2, fail, "no room") as others:
        assert (os.environ["RANK"], os.environ["WORLD_SIZE"]) == ("0", "2")
        assert others.last_words() == "ValueError: no room in process 1 of 2"
    assert "RANK" not in os.environ


def fail(why: str) -> None:
    """What a follower does that cannot go on."""
    raise ValueError(f"{why} in process {os.environ['RANK']} of {os.environ['WORLD_SIZE']}")


def follower(starter: int) -> int:
    """The process that follows, of those that torchrun or a leader has started."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            environment = (process / "environ").read_bytes().split(b"\0")
            words = (process / "cmdline").read_bytes()
        except (OSError, ValueError):  # gone meanwhile
            continue
        if parent == starter and (b"RANK=1" in environment or b"spawn_main" in words):
            return int(process.name)
    raise AssertionError(f"process {starter} has no follower")
