"""`surefoot evaluate` and `surefoot play` as a user types them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import av
import numpy as np
import pytest
import torch
from PIL import Image

from surefoot.cli import main
from surefoot_robots.errors import SurefootError
from surefoot_training.evaluate import charts
from surefoot_training.evaluate.protocol import AXES, Protocol
from surefoot_training.evaluate.video import write_film
from surefoot_training.learn.walking import WalkingProblem, make_agent
from surefoot_training.nets.agent import AgentConfig
from surefoot_training.run.checkpoint import Checkpoint, write_checkpoint
from surefoot_training.run.config import RunConfig, config_to_json
from surefoot_training.sim import portrait
from surefoot_training.task.tasks import TASKS, make_environment

SMALL = ["--axes", "tracking,delay", "--quick", "--episodes", "2", "--threads", "1"]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = Protocol.quick

    def shorter(protocol: Protocol) -> Protocol:
        from dataclasses import replace

        bar = (("stairs_up", 0.10),)
        return replace(
            quick(protocol), tracking_s=0.6, sweep_s=0.2, terrain_limit_s=0.2, terrain_bar=bar, push_after_s=0.1
        )

    monkeypatch.setattr(Protocol, "quick", shorter)


def test_table_charts_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, folder = tmp_path / "found.json", tmp_path / "charts"
    assert main(["evaluate", "trot", *SMALL, "--json", str(file), "--out", str(folder)]) == 0
    told = capsys.readouterr().out
    for part in ("go2 on velocity-flat, seed 9001", "speed error m/s", "2 x 0.6 s", "20 ms", "took"):
        assert part in told
    for name in ("tracking", "delay"):
        assert np.asarray(Image.open(folder / f"{name}.png")).std() > 10
    found = json.loads(file.read_text())
    assert (found["candidate"], found["protocol"]["seed"], found["axes"]) == ("trot", 9001, ["tracking", "delay"])
    assert found["terrain"] is None
    assert found["tracking"]["figures"]["robot_seconds"] == pytest.approx(1.2)
    assert [point["value"] for point in found["delay"]] == [0.0, 0.02, 0.04]
    figures = found["tracking"]["figures"]
    for key, name in (("speed_error_mps", "speed_error"), ("yaw_rate_error_radps", "yaw_rate_error")):
        unit = key.rpartition("_")[2]
        expected = {"mean": figures[f"{name}_mean_{unit}"], "p95": figures[f"{name}_p95_{unit}"]}
        assert found[key] == expected
    assert (found["episodes"], found["falls"]) == (2, figures["falls"])
    assert found["cost_of_transport"] == figures["cost_of_transport"]
    assert (found["success_rate"], found["push_recovery_rate"]) == (None, None)


def test_success_is_told_with_its_confidence_interval(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "found.json"
    words = ["evaluate", "stand", "--axes", "terrain,pushes", "--quick", "--episodes", "16", "--task", "velocity-rough"]
    assert main([*words, "--threads", "1", "--json", str(file)]) == 0
    told = capsys.readouterr().out
    assert "* the bar, at least 90 %" in told
    (bar,) = (line for line in told.splitlines() if line.startswith("stairs_up") and " 6* " in line)
    assert re.split(r"\s{2,}", bar)[1:6] == ["6*", "step_height_m 0.1", "38", "0 % (0-9)", "0/0/38"]
    (hardest,) = (line for line in told.splitlines() if line.startswith("150 N"))
    assert re.split(r"\s{2,}", hardest)[9] == "0 % (0-32)"
    found = json.loads(file.read_text())
    (bar,) = (cell for cell in found["terrain"] if cell["is_bar"])
    assert (bar["success_low"], bar["success_high"]) == pytest.approx((0.0, 0.0918), abs=1e-4)
    assert (found["success_rate"], found["push_recovery_rate"], found["falls"]) == (0.0, 0.0, None)
    assert all(cell["recovered_high"] > cell["recovered_share"] for cell in found["pushes"])


def test_json_alone_on_stdout_and_the_same_twice(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for _ in range(2):
        assert main(["evaluate", "trot", *SMALL, "--seed", "4", "--json", "-"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert json.loads(told[0])["protocol"]["seed"] == 4


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["evaluate", "nobody"], "no run or policy 'nobody'"),
        (["evaluate", "stand", "--axes", "speed"], "no axis 'speed'"),
        (["evaluate", "stand", "--task", "swim"], "no task 'swim'"),
        (["evaluate", "stand", "--json", "/nowhere/at/all.json"], "no folder /nowhere/at"),
        (["play", "stand", "-o", "film.avi"], "cannot write a film as film.avi"),
        (["play", "stand", "--course", "--command", "1,0,0"], "--course goes alone"),
        (["play", "stand", "--seconds", "nan"], "--seconds nan"),
        (["play", "stand", "--terrain", "stairs_up"], "not kind:level"),
    ],
)
def test_what_cannot_be_is_said_at_once(words: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    assert told in capsys.readouterr().err


def has_gl() -> bool:
    try:
        portrait._open_gl(portrait.View((0.0, 0.0, 0.0), 1.0)).free()
    except SurefootError:
        return False
    return True


@pytest.mark.parametrize(("words", "falls"), [(["--course"], "0 falls"), (["--terrain", "stairs_up:2"], "0 falls")])
def test_play_draws_a_sheet(words: list[str], falls: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if not has_gl():
        pytest.skip("no OpenGL")
    file = tmp_path / "sheet.png"
    assert main(["play", "stand", *words, "--seconds", "0.4", "-o", str(file)]) == 0
    assert falls in capsys.readouterr().out
    sheet = np.asarray(Image.open(file))
    assert sheet.shape == (4 * 360, 2 * 640, 3)
    assert sheet[:360, :640].std() > 10


def test_play_says_what_to_install_without_opengl(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def none(view: portrait.View) -> None:
        raise SurefootError("no picture without OpenGL: gone", hint="install EGL, on Debian: libegl1 libgl1-mesa-dri")

    monkeypatch.setattr(portrait, "_open_gl", none)
    assert main(["play", "stand", "--seconds", "0.1", "-o", str(tmp_path / "play.mp4")]) == 2
    assert "libegl1" in capsys.readouterr().err
    assert not (tmp_path / "play.mp4").exists()


def test_films_hold_every_picture_in_order(tmp_path: Path) -> None:
    pictures = [np.full((90, 160, 3), shade, dtype=np.uint8) for shade in (20, 120, 220)]
    write_film(iter(pictures), tmp_path / "film.mp4", 25)
    with av.open(str(tmp_path / "film.mp4")) as film:
        assert film.streams.video[0].average_rate == 25
        shown = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert [frame.mean() for frame in shown] == pytest.approx([20, 120, 220], abs=4)
    assert shown[0].shape == (90, 160, 3)
    write_film(iter(pictures), tmp_path / "film.gif", 10)
    with Image.open(tmp_path / "film.gif") as film:
        assert (film.n_frames, film.info["duration"], film.size) == (3, 100, (480, 270))


def test_there_is_a_chart_for_every_axis() -> None:
    assert set(charts._DRAW) == set(AXES)


def kept_policy(file: Path, agent_config: AgentConfig) -> Path:
    """An untrained policy, as a run saves it."""
    config = RunConfig(task=TASKS["velocity-flat"], steps=1, agent=agent_config)
    problem = WalkingProblem(make_environment(config.task, 1, threads=1), config.agent.history_length)
    torch.manual_seed(3)
    agent = make_agent(config.agent, problem)
    write_checkpoint(
        Checkpoint(
            kind="policy",
            config=config_to_json(config),
            config_sha256=config.sha256,
            iteration=0,
            steps=0,
            elapsed_s=0.0,
            finished=False,
            score={},
            parts=[{"agent": agent.state_dict()}],
        ),
        file,
    )
    return file


@pytest.fixture
def policy_file(tmp_path: Path) -> Path:
    return kept_policy(tmp_path / "best.pt", AgentConfig(actor="cenet", hidden=(16,), critic_hidden=(16,)))


@pytest.fixture
def oracle_file(tmp_path: Path) -> Path:
    small = AgentConfig(actor="cenet", estimator="oracle", hidden=(16,), critic_hidden=(16,))
    return kept_policy(tmp_path / "best.pt", small)


def test_who_is_told_the_truth_is_examined_and_it_is_said(
    oracle_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "found.json"
    assert main(["evaluate", str(oracle_file.parent), *SMALL, "--json", str(found)]) == 0
    told = capsys.readouterr().out
    assert "told its true velocity, which no robot knows: an upper bound" in told
    assert "estimated velocity" not in told
    assert json.loads(found.read_text())["is_told_velocity"] is True


def test_who_is_told_the_truth_is_filmed_and_it_is_said(
    oracle_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not has_gl():
        pytest.skip("no OpenGL")
    assert main(["play", str(oracle_file), "--seconds", "0.1", "-o", str(tmp_path / "sheet.png")]) == 0
    assert "told its true velocity, which no robot knows" in capsys.readouterr().out


def test_a_run_folder_is_examined(policy_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(policy_file.parent), *SMALL]) == 0
    told = capsys.readouterr().out
    assert "go2 on velocity-flat" in told
    assert "true velocity" not in told
    assert "estimated velocity: off by" in told


def test_a_run_is_filmed_with_its_estimate(policy_file: Path, tmp_path: Path) -> None:
    if not has_gl():
        pytest.skip("no OpenGL")
    file = tmp_path / "sheet.png"
    assert main(["play", str(policy_file), "--command", "0.5,0,0", "--seconds", "0.1", "-o", str(file)]) == 0
    line = np.asarray(Image.open(file))[72:92, 10:330].astype(int)  # the caption's fourth
    orange = np.array([180, 84, 28])
    assert (abs(line - orange).max(-1) < 40).sum() > 50
