import os
import socket
import stat
from pathlib import Path

import pytest

from surefoot_robots.errors import SurefootError
from surefoot_safety.channel import place
from surefoot_safety.channel.memory import Writer
from surefoot_safety.channel.place import RunLock, folder_of, make_folder, remove_folder, remove_leftovers
from surefoot_safety.channel.records import LoopRecord


@pytest.fixture
def folder(tmp_path):
    made = folder_of("go2", tmp_path / "run")
    make_folder(made)
    return made


def test_the_folder_is_named_after_user_and_robot(monkeypatch):
    monkeypatch.delenv(place.ROOT_VARIABLE, raising=False)
    assert folder_of("go2") == Path(f"/dev/shm/surefoot-{os.getuid()}/go2")
    monkeypatch.setenv(place.ROOT_VARIABLE, "/somewhere")
    assert folder_of("go2") == Path("/somewhere/go2")
    assert folder_of("go2", Path("/else")) == Path("/else/go2")


@pytest.mark.parametrize("name", ["", "..", "a/b", "ä", "x" * 33])
def test_names_that_are_no_folder_are_refused(name):
    with pytest.raises(SurefootError, match="robot name"):
        folder_of(name)


def test_a_path_too_long_for_sockets_is_refused():
    with pytest.raises(SurefootError, match="too long a path for sockets"):
        folder_of("go2", Path("/" + "x" * 100))
    longest = Path("/" + "x" * (107 - len("//go2/request.sock")))
    assert len(str(folder_of("go2", longest) / "request.sock")) == 107


def test_only_its_owner_can_enter(folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o755)
    with pytest.raises(SurefootError, match="only its owner can enter"):
        make_folder(folder)


def test_no_folder_is_one_clear_line(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SurefootError, match=r"no shared memory: .*file") as caught:
        make_folder(tmp_path / "file" / "go2")
    assert "--run-dir" in caught.value.hint


def test_one_runs_a_robot_at_a_time(folder):
    lock = RunLock(folder)
    with pytest.raises(SurefootError, match=rf"go2 is running already \(process {os.getpid()}\)"):
        RunLock(folder)
    lock.release()
    RunLock(folder).release()


def test_a_lock_that_was_just_removed_is_made_again(folder, monkeypatch):
    tried = []
    try_lock = place.try_lock

    def removed_once(descriptor):
        tried.append(descriptor)
        if len(tried) == 1:
            remove_folder(folder)
        return try_lock(descriptor)

    monkeypatch.setattr(place, "try_lock", removed_once)
    lock = RunLock(folder)
    assert len(tried) == 2
    assert (folder / place.LOCK).exists()
    lock.release()


def test_leftovers_go_and_what_is_used_stays(folder):
    used = Writer(folder / "used.channel", LoopRecord)
    Writer(folder / "dead.channel", LoopRecord).close(remove=False)
    living = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    living.bind(str(folder / "living.sock"))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(folder / "dead.sock"))
    (folder / "link.log").touch()
    (folder / place.KEY).touch()
    (folder / "somebody's.txt").touch()
    assert remove_leftovers(folder) == ["living.sock", "used.channel"]
    assert sorted(path.name for path in folder.iterdir()) == ["living.sock", "somebody's.txt", "used.channel"]
    used.close()
    living.close()
    assert remove_leftovers(folder / "nowhere") == []


def test_the_last_one_removes_the_folders(folder):
    remove_folder(folder)
    assert not folder.parent.exists()


def test_a_folder_that_holds_something_else_stays(folder):
    (folder / "notes.txt").touch()
    remove_folder(folder)
    assert folder.is_dir()


def test_what_disappears_meanwhile_is_not_in_use(folder):
    assert not place._in_use(folder / "gone.channel")
    assert not place._in_use(folder / "gone.sock")
