import mmap
import os

from surefoot_control.segments import Segments, used_by


def test_what_came_and_is_used_by_nobody_goes(tmp_path):
    for name in ("fastrtps_old", "other_old"):
        (tmp_path / name).write_bytes(bytes(8))
    segments = Segments(tmp_path)
    assert segments.clear() == 0
    for name in (
        "fastrtps_a1",
        "fastrtps_a1_el",
        "sem.fastrtps_port7003_mutex",
        "fastrtps_open",
        "fastrtps_mapped",
        "x",
    ):
        (tmp_path / name).write_bytes(bytes(mmap.PAGESIZE))
    with (tmp_path / "fastrtps_mapped").open("r+b") as file:
        mapped = mmap.mmap(file.fileno(), mmap.PAGESIZE)
    with (tmp_path / "fastrtps_open").open("rb"), (tmp_path / "x").open("rb"):
        assert {path.name for path in used_by(os.getpid(), tmp_path)} == {"fastrtps_open", "fastrtps_mapped"}
        assert used_by(0, tmp_path) == set()
        assert segments.clear() == 3
        left = {path.name for path in tmp_path.iterdir()}
        assert left == {"fastrtps_old", "other_old", "x", "fastrtps_open", "fastrtps_mapped"}
    mapped.close()
    again = tmp_path / "fastrtps_new"
    again.write_bytes(bytes(9))  # another file by the name of one that was there before
    again.replace(tmp_path / "fastrtps_old")
    assert segments.clear() == 3  # now that nobody uses them


def test_where_there_is_no_shared_memory_there_is_nothing_to_clear(tmp_path):
    assert Segments(tmp_path / "nowhere").clear() == 0
