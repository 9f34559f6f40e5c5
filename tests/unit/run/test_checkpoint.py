import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from surefoot_robots.errors import SurefootError
from surefoot_training.run import checkpoint as module
from surefoot_training.run.checkpoint import (
    Checkpoint,
    CheckpointFolder,
    load_policy,
    policy_checkpoint,
    read_checkpoint,
    write_checkpoint,
)
from surefoot_training.run.config import config_to_json
from surefoot_training.run.sealed import checksum


@pytest.fixture
def checkpoint(config) -> Checkpoint:
    part = {
        "agent": {"weight": torch.arange(600.0).reshape(20, 30)},
        "optimizer": {"state": {0: {"step": torch.tensor(3.0)}}, "groups": [{"lr": 0.1, "betas": (0.9, 0.999)}]},
        "generator": torch.Generator().manual_seed(1).get_state(),
        "flags": torch.tensor([True, False]),
        "nothing": None,
    }
    return Checkpoint(
        kind="run",
        config=config_to_json(config),
        config_sha256=config.sha256,
        iteration=3,
        steps=300,
        elapsed_s=1.5,
        finished=False,
        score={"highest": float("-inf")},
        parts=[part],
    )


def same(one: Checkpoint, other: Checkpoint) -> bool:
    return one.iteration == other.iteration and checksum(one.parts) == checksum(other.parts)


def test_it_is_read_back_the_same(checkpoint, tmp_path):
    file = tmp_path / "last.pt"
    write_checkpoint(checkpoint, file)
    read = read_checkpoint(file)
    assert same(read, checkpoint)
    assert replace(read, parts=[]) == replace(checkpoint, parts=[])
    assert [found.name for found in tmp_path.iterdir()] == ["last.pt"]


@pytest.mark.parametrize(
    "change",
    [
        lambda part: part["agent"]["weight"].add_(1e-6),
        lambda part: part["agent"].update(weight=part["agent"]["weight"].double()),
        lambda part: part["agent"].update(weight=part["agent"]["weight"].reshape(30, 20)),
        lambda part: part["groups"].append(1),
        lambda part: part.update(nothing=0),
        lambda part: part.update(nothing=False),
        lambda part: part.pop("nothing"),
    ],
)
def test_the_checksum_is_of_everything(change):
    def part():
        return {"agent": {"weight": torch.arange(600.0).reshape(20, 30)}, "groups": [0.5], "nothing": None}

    changed = part()
    change(changed)
    assert checksum(part()) == checksum(part())
    assert checksum(changed) != checksum(part())


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_refused(checkpoint, tmp_path, share):
    file = tmp_path / "last.pt"
    write_checkpoint(checkpoint, file)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(SurefootError, match=r"last\.pt is damaged"):
        read_checkpoint(file)


def test_flipped_bits_in_a_tensor_are_noticed(checkpoint, tmp_path):
    file = tmp_path / "last.pt"
    write_checkpoint(checkpoint, file)
    content = bytearray(file.read_bytes())
    at = content.index(torch.tensor([300.0, 301.0]).numpy().tobytes())
    content[at] ^= 1
    file.write_bytes(content)
    with pytest.raises(SurefootError, match=r"last\.pt is damaged"):
        read_checkpoint(file)


@pytest.mark.parametrize("content", [{"format": "another"}, [1, 2], {"model": torch.zeros(1)}])
def test_a_foreign_file_is_refused(content, tmp_path):
    file = tmp_path / "other.pt"
    torch.save(content, file)
    with pytest.raises(SurefootError, match="not a checkpoint of surefoot"):
        read_checkpoint(file)


def test_a_file_that_would_run_code_is_refused(tmp_path):
    ran = tmp_path / "ran"

    class Touch:
        def __reduce__(self):
            return Path.touch, (ran,)

    for name, save in (
        ("torch.pt", torch.save),
        ("pickle.pt", lambda value, file: file.write_bytes(pickle.dumps(value))),
    ):
        save({"format": Touch()}, tmp_path / name)
        with pytest.raises(SurefootError, match="damaged or not a checkpoint"):
            read_checkpoint(tmp_path / name)
    assert not ran.exists()


def test_another_version_is_refused(checkpoint, tmp_path, monkeypatch):
    file = tmp_path / "last.pt"
    monkeypatch.setattr(module, "_KIND", replace(module._KIND, version=99))
    write_checkpoint(checkpoint, file)
    monkeypatch.undo()
    with pytest.raises(SurefootError, match="has version 99 of the format, this surefoot reads 1"):
        read_checkpoint(file)


def test_a_file_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(SurefootError, match="cannot be read"):
        read_checkpoint(tmp_path / "last.pt")


def test_a_write_that_fails_leaves_what_was_there(checkpoint, tmp_path, monkeypatch):
    folder = CheckpointFolder(tmp_path)
    folder.save(checkpoint)

    def full_disk(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full_disk)
    with pytest.raises(OSError, match="No space left"):
        folder.save(replace(checkpoint, iteration=4))
    assert read_checkpoint(folder.last).iteration == 3
    assert [file.name for file in tmp_path.iterdir()] == ["last.pt"]


def test_the_one_before_the_newest_is_kept(checkpoint, config, tmp_path):
    folder = CheckpointFolder(tmp_path)
    assert folder.newest(config) is None
    for iteration in (1, 2, 3):
        folder.save(replace(checkpoint, iteration=iteration))
    assert read_checkpoint(folder.last).iteration == 3
    assert read_checkpoint(folder.previous).iteration == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["last.pt", "previous.pt"]


def test_a_damaged_newest_is_said_and_the_one_before_it_taken(checkpoint, config, tmp_path, caplog):
    folder = CheckpointFolder(tmp_path)
    for iteration in (1, 2):
        folder.save(replace(checkpoint, iteration=iteration))
    folder.last.write_bytes(folder.last.read_bytes()[:100])
    newest = folder.newest(config)
    assert newest is not None
    assert newest.iteration == 1
    assert "last.pt is damaged" in caplog.text
    assert "going on from previous.pt" in caplog.text
    assert sorted(file.name for file in tmp_path.iterdir()) == ["last.pt", "previous.pt"]  # nothing is changed by it
    folder.save(replace(checkpoint, iteration=2))  # the damaged one must not take the good one's place
    assert read_checkpoint(folder.previous).iteration == 1
    assert (tmp_path / "last.damaged.pt").exists()
    folder.save(replace(checkpoint, iteration=3))
    assert read_checkpoint(folder.previous).iteration == 2


def test_between_two_renames_the_one_before_is_there(checkpoint, config, tmp_path):
    folder = CheckpointFolder(tmp_path)
    folder.save(checkpoint)
    folder.last.replace(folder.previous)  # as a crash at the worst moment leaves it
    newest = folder.newest(config)
    assert newest is not None
    assert newest.iteration == 3


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda checkpoint: replace(checkpoint, config_sha256="other"), "belongs to another configuration"),
        (lambda checkpoint: policy_checkpoint(checkpoint, {}), "holds a policy alone"),
        (lambda checkpoint: replace(checkpoint, parts=checkpoint.parts * 2), "is of 2 processes, not 1"),
    ],
)
def test_a_checkpoint_that_does_not_belong_is_refused(checkpoint, config, tmp_path, spoil, message):
    folder = CheckpointFolder(tmp_path)
    folder.save(spoil(checkpoint))
    with pytest.raises(SurefootError, match=message):
        folder.newest(config)


def test_a_folder_without_checkpoints_has_no_policy(tmp_path):
    with pytest.raises(SurefootError, match="has no checkpoint"):
        load_policy(tmp_path)


def test_networks_of_another_size_are_refused(checkpoint, tmp_path):
    write_checkpoint(checkpoint, tmp_path / "last.pt")
    with pytest.raises(SurefootError, match="not those its configuration describes"):
        load_policy(tmp_path)
