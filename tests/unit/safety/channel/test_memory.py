import os
import stat
import struct
from dataclasses import dataclass
from typing import Annotated

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_safety.channel import memory
from surefoot_safety.channel.layout import Layout
from surefoot_safety.channel.memory import GUARD_BYTES, HEADER_BYTES, SLOTS, Reader, Writer, slot_bytes


@dataclass(frozen=True, slots=True)
class Note:
    number: int
    values: Annotated[tuple[float, ...], 4]


@dataclass(frozen=True, slots=True)
class OtherNote:
    number: int
    values: Annotated[tuple[float, ...], 5]


def note(number):
    return Note(number, (float(number),) * 4)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "note.channel"


@pytest.fixture
def writer(path):
    made = Writer(path, Note)
    yield made
    made.close()


@pytest.fixture
def reader(path):
    made = Reader(path, Note)
    yield made
    made.close()


def slot_start(sequence):
    return HEADER_BYTES + sequence % SLOTS * slot_bytes(Layout(Note))


def test_the_newest_record_is_read(writer, reader):
    assert reader.read(1.0) is None
    for number in range(1, 11):
        writer.write(note(number), 1.0 + number)
        received = reader.read(1.0 + number)
        assert received.record == note(number)
        assert (received.sequence, received.stamp_s) == (number, 1.0 + number)
    assert reader.torn == 0


def test_the_same_object_comes_until_there_is_a_newer_one(writer, reader):
    writer.write(note(1), 1.0)
    first = reader.read(1.0)
    assert reader.read(1.1) is first
    writer.write(note(1), 1.2)
    assert reader.read(1.2) is not first


def test_many_readers(writer, path):
    writer.write(note(3), 1.0)
    readers = [Reader(path, Note) for _ in range(5)]
    assert [reader.read(1.0).record for reader in readers] == [note(3)] * 5
    for reader in readers:
        reader.close()


def test_a_reader_may_come_first(path, reader):
    assert reader.read(1.0) is None
    assert reader.refusal == ""
    writer = Writer(path, Note)
    writer.write(note(1), 1.01)
    assert reader.read(1.05) is None  # it looks again a tenth of a second later
    assert reader.read(1.11).record == note(1)
    writer.close()


def test_only_the_owner_may_read_it(writer, path):
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_writer_is_refused(writer, path, monkeypatch):
    monkeypatch.setattr(memory, "LOCK_PAUSE_S", 0.0)
    with pytest.raises(SurefootError, match=rf"has a writer already \(process {os.getpid()}\)") as caught:
        Writer(path, Note)
    assert "stop the other one" in caught.value.hint


def test_a_closed_channel_leaves_nothing_and_may_be_written_anew(path):
    Writer(path, Note).close()
    assert not path.exists()
    writer = Writer(path, Note)
    writer.close(remove=False)
    assert path.exists()


def test_a_reader_goes_on_where_a_writer_starts_anew_on_the_same_file(path, reader):
    first = Writer(path, Note)
    first.write(note(1), 1.0)
    before = reader.read(1.0)
    first.close(remove=False)  # as after kill -9
    second = Writer(path, Note)
    assert reader.read(1.1) is before  # nothing newer yet, and it grows old
    second.write(note(2), 1.2)
    after = reader.read(1.2)
    assert after.record == note(2)
    assert after.sequence > before.sequence
    assert after.writer != before.writer
    second.close()


def test_a_reader_finds_the_file_that_took_the_place_of_the_old_one(path, reader):
    first = Writer(path, Note)
    first.write(note(1), 1.0)
    assert reader.read(1.0).record == note(1)
    first.close()
    assert reader.read(1.1).record == note(1)  # it keeps what it has
    second = Writer(path, Note)
    second.write(note(2), 1.3)
    assert reader.read(1.35).record == note(2)  # since it was silent for more than 0.2 s
    second.close()


def test_a_record_begun_by_a_killed_writer_is_not_read(path, reader):
    writer = Writer(path, Note)
    writer.write(note(1), 1.0)
    start = slot_start(2)
    writer._words[start // 8] = 3  # guard of a slot that is being written
    writer._memory[start + GUARD_BYTES : start + GUARD_BYTES + 8] = struct.pack("<Q", 2)
    assert reader.read(1.0).record == note(1)
    writer.close(remove=False)
    after = Writer(path, Note)
    after.write(note(3), 1.1)
    received = reader.read(1.1)
    assert (received.record, received.sequence) == (note(3), 3)
    after.close()


def test_a_guard_that_is_odd_or_another_one_means_another_copy(writer, reader):
    writer.write(note(1), 1.0)
    kept = reader.read(1.0)
    writer.write(note(2), 1.1)
    guard = slot_start(2) // 8
    for value in (3, 2, 6):
        writer._words[guard] = value
        assert reader.read(1.1) is kept
    assert reader.torn == 3 * memory.READ_TRIES
    writer._words[guard] = 4
    assert reader.read(1.1).record == note(2)


@pytest.mark.parametrize("offset", [0, 8, 16, 24, 32, 56, 60, 64])
def test_any_byte_that_does_not_belong_there_is_noticed(writer, reader, offset):
    """Whatever the processor's order of stores lets through is caught by the checksum."""
    writer.write(note(1), 1.0)
    kept = reader.read(1.0)
    writer.write(note(2), 1.1)
    place = slot_start(2) + GUARD_BYTES + offset
    writer._memory[place] ^= 1
    assert reader.read(1.1) is kept
    writer._memory[place] ^= 1
    assert reader.read(1.1).record == note(2)


def test_another_layout_is_refused_by_readers_and_replaced_by_writers(path):
    old = Writer(path, OtherNote)
    reader = Reader(path, Note)
    assert reader.read(1.0) is None
    assert "made by another version of Surefoot" in reader.refusal
    old.close(remove=False)
    writer = Writer(path, Note)
    writer.write(note(1), 1.2)
    assert reader.read(1.2).record == note(1)
    assert reader.refusal == ""
    reader.close()
    writer.close()


def test_what_is_no_channel_is_refused(path, reader):
    path.write_bytes(b"x" * 1000)
    path.chmod(0o600)
    assert reader.read(1.0) is None
    assert "is not a channel" in reader.refusal
    path.chmod(0o644)
    assert reader.read(2.0) is None
    assert "only its owner may read" in reader.refusal


def test_a_channel_cut_short_is_refused(path, reader):
    Writer(path, Note).close(remove=False)
    os.truncate(path, 100)
    assert reader.read(1.0) is None
    assert "another version" in reader.refusal


def test_a_file_that_is_just_being_made_is_no_error(path, reader):
    path.touch(0o600)
    assert reader.read(1.0) is None
    assert reader.refusal == ""


def test_a_link_in_its_place_is_not_followed(path, tmp_path, reader):
    path.symlink_to(tmp_path / "elsewhere")
    assert reader.read(1.0) is None
    assert reader.refusal
    with pytest.raises(SurefootError, match="no shared memory"):
        Writer(path, Note)


def test_no_memory_is_one_clear_line(path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(SurefootError, match=r"no shared memory: .*note\.channel: No space left on device"):
        Writer(path, Note)
    assert not path.exists()


def test_a_file_removed_while_it_was_opened_is_made_again(path, monkeypatch):
    opened = []
    open_file = memory._open_file

    def removed_once(where):
        descriptor = open_file(where)
        opened.append(descriptor)
        if len(opened) == 1:
            where.unlink()
        return descriptor

    monkeypatch.setattr(memory, "_open_file", removed_once)
    writer = Writer(path, Note)
    assert len(opened) == 2
    assert path.exists()
    writer.close()
