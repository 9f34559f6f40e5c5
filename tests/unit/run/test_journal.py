import math
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from surefoot_training.run.journal import Journal, read_journal


def write(folder: Path, iterations: range, reward: float) -> None:
    journal = Journal(folder, iteration=iterations.start - 1, steps=100 * (iterations.start - 1))
    for iteration in iterations:
        log = {"reward/step": reward, "policy/kl": math.nan if iteration == 2 else 0.01}
        journal.note(iteration=iteration, steps=100 * iteration, elapsed_s=0.5, progress=0.1, log=log)
    journal.close()


def test_every_iteration_is_a_line_and_no_number_is_null(tmp_path):
    write(tmp_path, range(1, 4), reward=1.0)
    entries = read_journal(tmp_path / "progress.jsonl")
    assert [entry["iteration"] for entry in entries] == [1, 2, 3]
    assert [entry["policy/kl"] for entry in entries] == [0.01, None, 0.01]
    assert entries[0]["progress"] == 0.1


def test_what_was_written_beyond_the_checkpoint_is_dropped(tmp_path):
    write(tmp_path, range(1, 6), reward=1.0)
    with (tmp_path / "progress.jsonl").open("a") as file:
        file.write('{"iteration": 6, "st')  # cut off
    write(tmp_path, range(4, 7), reward=2.0)
    entries = read_journal(tmp_path / "progress.jsonl")
    assert [entry["iteration"] for entry in entries] == [1, 2, 3, 4, 5, 6]
    assert [entry["reward/step"] for entry in entries] == [1.0, 1.0, 1.0, 2.0, 2.0, 2.0]


def test_tensorboard_sees_one_curve_over_control_steps(tmp_path):
    write(tmp_path, range(1, 6), reward=1.0)
    write(tmp_path, range(4, 7), reward=2.0)
    events = EventAccumulator(str(tmp_path)).Reload().Scalars("reward/step")
    assert [(event.step, event.value) for event in events] == [
        (100, 1.0),
        (200, 1.0),
        (300, 1.0),
        (400, 2.0),
        (500, 2.0),
        (600, 2.0),
    ]
