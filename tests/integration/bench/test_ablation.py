"""`surefoot bench ablation` as its users run it: tiny networks, eight robots, three iterations."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from surefoot.cli import main
from surefoot_training.bench import ablation
from surefoot_training.evaluate.protocol import Protocol
from surefoot_training.run.checkpoint import load_networks, read_checkpoint
from surefoot_training.run.config import RunConfig
from surefoot_training.run.sealed import checksum
from surefoot_training.run.status import Status
from surefoot_training.task.tasks import TASKS
from surefoot_training.train import Order, Report, train

NETWORKS = ["agent.hidden=16", "agent.critic_hidden=16", "agent.cenet.encoder=16", "agent.cenet.decoder=8"]
SMALL = ["--robots", "8", "--threads", "1", "--set", *NETWORKS, "ppo.steps=16", "ppo.minibatches=2"]
STEPS = 3 * 128
NEW = ["--variants", "none", "full", "--steps", str(STEPS), "--episodes", "2", *SMALL]
RUNS = ["none-seed0", "full-seed0", "none-seed1", "full-seed1"]


def bench(*words: object) -> int:
    return main(["bench", "ablation", *map(str, words)])


@pytest.fixture(autouse=True, scope="module")
def _short() -> Iterator[None]:
    of_size = Protocol.of_size

    def shorter(protocol: Protocol, robots: int) -> Protocol:
        bar = (("stairs_up", 0.10), ("rough", 0.05))
        return replace(of_size(protocol, robots), tracking_s=0.6, terrain_limit_s=0.2, terrain_bar=bar)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Protocol, "of_size", shorter)
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench that was never stopped."""
    folder = tmp_path_factory.mktemp("whole") / "bench"
    assert bench(*NEW, "--out", folder) == 0
    return folder


def learned(folder: Path) -> dict[str, str]:
    return {name: checksum(read_checkpoint(folder / name / "last.pt").parts) for name in RUNS}


def disturb(monkeypatch: pytest.MonkeyPatch, run: str, disturbance: Callable[[Status], None]) -> None:
    """Before an iteration of `run` is reported."""

    def disturbed(order: Order, report: Report, **named: object) -> object:
        def heard(status: Status) -> None:
            if order.folder.name == run:
                disturbance(status)
            report(status)

        return train(order, heard, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(ablation, "train", disturbed)


def test_everything_is_in_the_folder(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    summary = json.loads((whole / "summary.json").read_text())
    assert [variant["name"] for variant in summary["variants"]] == ["none", "full"]
    assert (summary["steps"], summary["seeds"], summary["left"]) == (STEPS, 2, [])
    none, full = (variant["figures"] for variant in summary["variants"])
    assert none["estimate_error_mps"]["by_seed"] == [None, None]
    for seed in (0, 1):
        found = json.loads((whole / f"full-seed{seed}" / "evaluation.json").read_text())
        figures = found["evaluation"]["tracking"]["figures"]
        assert full["speed_error_mps"]["by_seed"][seed] == figures["speed_error_mean_mps"]
        assert full["estimate_error_mps"]["by_seed"][seed] == figures["estimate_error_mean_mps"]
    paired = np.subtract(none["speed_error_mps"]["by_seed"], full["speed_error_mps"]["by_seed"]).mean()
    assert none["speed_error_mps"]["difference"]["mean"] == pytest.approx(paired, abs=1e-12)
    assert "| none |" in (whole / "table.md").read_text()
    assert np.asarray(Image.open(whole / "curves.png")).std() > 10

    assert bench("--resume", "--out", whole, "--json") == 0
    told = capsys.readouterr()
    assert json.loads(told.out) == summary
    assert told.err == ""


def test_its_runs_are_runs_like_any_other(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    config = RunConfig(TASKS["velocity-flat"], robots=8, seed=1, steps=STEPS)
    train(Order(out, config.with_settings([*NETWORKS, "ppo.steps=16", "ppo.minibatches=2", "agent.estimator=none"])))
    one, other = (read_checkpoint(folder / "last.pt") for folder in (whole / "none-seed1", out))
    assert checksum(one.parts) == checksum(other.parts)
    assert main(["train", "--resume", "--out", str(whole / "none-seed1")]) == 2
    assert "has used up its budget" in capsys.readouterr().err
    assert main(["evaluate", str(whole / "full-seed1"), "--axes", "tracking", "--episodes", "2", "--json", "-"]) == 0
    found = json.loads(capsys.readouterr().out)
    kept = json.loads((whole / "full-seed1" / "evaluation.json").read_text())["evaluation"]
    assert found["tracking"] == kept["tracking"]


def test_stopped_crashed_and_resumed_it_comes_to_the_same_to_the_bit(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench"

    def stop(status: Status) -> None:
        if status.iteration == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    disturb(monkeypatch, "full-seed0", stop)
    assert bench(*NEW, "--out", out) == 128 + signal.SIGTERM
    told = capsys.readouterr()
    assert "4 of 4 runs left, 1.54 k steps: how long they take is not known before the first has trained" in told.err
    assert "3 of 4 runs left, 1.15 k steps: about" in told.err
    assert "stopped: 3 of 4 runs left, 896 steps: about" in told.out
    assert f"to go on: surefoot bench ablation --resume --out {out}" in told.out
    assert "Still to come: full-seed0, none-seed1, full-seed1." in (out / "table.md").read_text()
    assert read_checkpoint(out / "full-seed0" / "last.pt").iteration == 2

    assert bench(*NEW, "--out", out) == 2
    assert f"{out} holds an earlier bench" in capsys.readouterr().err

    def crash(status: Status) -> None:
        if status.iteration == 2:
            raise RuntimeError("power cut")

    disturb(monkeypatch, "none-seed1", crash)
    assert bench("--resume", "--out", out) == 1
    assert "power cut" in capsys.readouterr().err
    assert not (out / "none-seed1" / "last.pt").exists()

    monkeypatch.undo()

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ablation, "evaluate", interrupt)
        assert bench("--resume", "--out", out) == 130
    assert "stopped: 2 of 4 runs left, 384 steps: about" in capsys.readouterr().out
    assert bench("--resume", "--out", out) == 0
    assert learned(out) == learned(whole)
    for name in ("summary.json", "table.md"):
        assert (out / name).read_bytes() == (whole / name).read_bytes(), name


def test_more_seeds_can_be_added(whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "bench"
    assert bench(*NEW, "--seeds", "1", "--out", out) == 0
    assert "What is noise cannot be said" in capsys.readouterr().out
    assert bench("--resume", "--seeds", "2", "--out", out) == 0
    assert (out / "summary.json").read_bytes() == (whole / "summary.json").read_bytes()
    assert bench("--resume", "--seeds", "1", "--out", out) == 2
    assert "the bench has 2 seeds, not 1" in capsys.readouterr().err


def test_all_begin_with_the_same_networks_where_they_fit(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    start, out = whole / "full-seed0", tmp_path / "bench"
    words = ["--from", start, "--seeds", "1", "--steps", "128", "--episodes", "2", *SMALL, "--out", out]
    assert bench(*words) == 2
    told = capsys.readouterr().err
    assert "variant none: the networks to begin with do not fit" in told
    assert "only no_adaboot, full, oracle can begin with them" in told
    assert not out.exists(), "refused before anything was done"

    def crash(_: Status) -> None:
        raise RuntimeError("power cut")

    disturb(monkeypatch, "full-seed0", crash)
    assert bench(*words, "--variants", "no_adaboot", "full", "oracle") == 1
    monkeypatch.undo()
    assert (out / "full-seed0" / "config.yaml").exists()
    assert bench("--resume", "--out", out) == 0, "although that run has lost what it began with"
    summary = json.loads((out / "summary.json").read_text())
    assert summary["begun_from"] == load_networks(start)[2]
    figures = {variant["name"]: variant["figures"] for variant in summary["variants"]}
    assert figures["oracle"]["estimate_error_mps"]["mean"] is None, "it is told"
    assert figures["no_adaboot"]["estimate_error_mps"]["mean"] > 0.0
    assert "an upper bound" in (out / "table.md").read_text()


def test_on_terrain(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["velocity-rough", "--variants", "full", "--also", "mlp:agent.actor=mlp", "--seeds", "1", "--terrain"]
    assert bench(*words, "--steps", "128", "--episodes", "2", *SMALL, "--out", tmp_path / "bench") == 0
    assert "Success %: mean over seeds" in capsys.readouterr().out
    summary = json.loads((tmp_path / "bench" / "summary.json").read_text())
    assert TASKS["velocity-rough"].terrain is not None
    columns = TASKS["velocity-rough"].terrain.columns
    kinds = {columns[robot * len(columns) // 8] for robot in range(8)}  # robots are spread evenly
    for variant in summary["variants"]:
        figures = variant["figures"]
        success = {key for key in figures if key.startswith("success")}
        assert success == {"success", "success/stairs_up", "success/rough"}
        assert figures["success"]["mean"] == 0.0
        assert 0.0 <= figures["level"]["mean"] <= 9.0
        by_kind = {key.partition("/")[2] for key in figures if key.startswith("level/")}
        assert by_kind == kinds
    (_, mlp) = summary["variants"]
    assert mlp["settings"] == ["agent.estimator=full", "agent.actor=mlp"]
    assert mlp["figures"]["estimate_error_mps"]["mean"] is None


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--resume"], "there is no ablation in"),
        (["--variants", "all"], "no variant 'all' of the estimator"),
        (["--variants", "none"], "full is not among the variants none"),
        (["--also", "lopsided"], "'lopsided' is no variant"),
        (["--set", "agent.estimator=none"], "the variants set it"),
        (["--set", "robots=3"], "robots=3 is not for variants"),
        (["--steps", "0.5"], "argument --steps: 0.5 is not a whole number"),
        (["--steps", "many"], "argument --steps"),
        (["--seeds", "0"], "argument --seeds: 0 is not a positive number"),
        (["swim"], "there is no task 'swim'"),
        (["--robot", "cat"], "cat"),
        (["--from", "nowhere"], "nowhere"),
        (["--also", "shared:agent.shared_trunk=true,agent.actor=gru"], "shared_trunk with a gru"),
    ],
)
def test_what_cannot_be_is_said_at_once(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench(*words, "--out", tmp_path / "bench") == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "bench").exists()


@pytest.mark.parametrize("words", [["velocity-flat"], ["--steps", "100"], ["--terrain"], ["--also", "x:ppo.clip=0.1"]])
def test_a_bench_goes_on_with_what_it_began_with(
    whole: Path, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench("--resume", *words, "--out", whole) == 2
    assert "goes with a new bench" in capsys.readouterr().err


def test_a_folder_with_something_else_in_it_is_left_alone(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").touch()
    assert bench(*NEW, "--out", tmp_path) == 2
    assert f"{tmp_path} is not empty: it has thesis.tex" in capsys.readouterr().err
    assert bench(*NEW, "--out", whole / "none-seed0") == 2
    assert "there is a run in" in capsys.readouterr().err


def test_a_run_that_was_trained_further_does_not_compare(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench"
    assert bench(*NEW, "--seeds", "1", "--variants", "full", "--out", out) == 0
    train(Order(out / "full-seed0", None, steps=STEPS + 128))
    capsys.readouterr()
    assert bench("--resume", "--out", out) == 2
    assert f"the run in {out / 'full-seed0'} is of other settings or another budget" in capsys.readouterr().err


def test_two_cannot_work_in_one_folder(whole: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ablation.resumed(whole):
        assert bench("--resume", "--out", whole) == 2
    assert "another process is training in" in capsys.readouterr().err
