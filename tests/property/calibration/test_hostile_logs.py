"""Whatever happens to a log's bytes, reading it gives a log or one clear error."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from joint_logs import GO2, McapLog, Motion, joint_state

from surefoot_calibration.log.read import read_log
from surefoot_robots.errors import SurefootError


def mcap(folder: Path) -> bytes:
    motion = Motion(0.2)
    bag = McapLog(folder / "a.mcap")
    for row, (stamp_ns, message) in enumerate(motion.states()):
        bag.joints("/joint_states", message, stamp_ns)
        bag.joints("/surefoot/joint_target", joint_state(stamp_ns, GO2.joint_names, motion.q_cmd[row]), stamp_ns)
    return bag.close().read_bytes()


with tempfile.TemporaryDirectory() as made:
    WHOLE = {".mcap": mcap(Path(made)), ".csv": Motion(0.2).write_csv(Path(made) / "a.csv").read_bytes()}

changes = st.lists(st.tuples(st.floats(0.0, 1.0), st.binary(min_size=1, max_size=9)), max_size=4)


@pytest.mark.parametrize("kind", WHOLE)
@example(changes=[(0.006229879487866798, b"\x00\x00\x80")], kept=1.0)  # a chunk of more bytes than there can be
@given(changes=changes, kept=st.one_of(st.just(1.0), st.floats(0.0, 1.0)))
@settings(max_examples=60)
def test_any_bytes_are_a_log_or_a_clear_error(tmp_path_factory, kind, changes, kept):
    data = bytearray(WHOLE[kind])
    for share, piece in changes:
        place = int(share * (len(data) - len(piece)))
        data[place : place + len(piece)] = piece
    file = tmp_path_factory.mktemp("log") / f"a{kind}"
    file.write_bytes(data[: int(kept * len(data))])
    log, said = None, ""
    try:
        log = read_log(file, GO2)
    except SurefootError as error:
        said = error.message
    if log is None:
        assert "a." in said
        assert said.isprintable()
    else:
        assert log.position_rad.shape == (log.samples, 12)
        assert (log.stamp_s[1:] > log.stamp_s[:-1]).all()
