"""One writer and several readers, each a process, as fast as they can: no reader ever sees a torn record."""

import json
import subprocess
import sys
import time

from real_processes import LONGEST_S

SECONDS = 3.0
WRITER = """
import sys, time
from hammer import Blow, blow
from surefoot_safety.channel.memory import Writer
from pathlib import Path
writer = Writer(Path(sys.argv[1]), Blow)
end_s = time.monotonic() + float(sys.argv[2])
number = 0
while time.monotonic() < end_s:
    for _ in range(100):
        number += 1
        writer.write(blow(number), time.monotonic())
writer.close(remove=False)
print(number)
"""
READER = """
import json, sys, time
from hammer import Blow, blow
from surefoot_safety.channel.memory import Reader
from pathlib import Path
reader = Reader(Path(sys.argv[1]), Blow)
end_s = time.monotonic() + float(sys.argv[2])
reads = wrong = backward = last = 0
while time.monotonic() < end_s:
    received = reader.read(time.monotonic())
    if received is None or received.sequence == last:
        continue
    reads += 1
    wrong += received.record != blow(received.record.number)
    backward += received.sequence < last
    last = received.sequence
print(json.dumps({"reads": reads, "wrong": wrong, "backward": backward, "torn": reader.torn}))
"""
BLOW = """
from dataclasses import dataclass
from typing import Annotated

@dataclass(frozen=True, slots=True)
class Blow:
    number: int
    values: Annotated[tuple[float, ...], 200]
    last: int

def blow(number):
    return Blow(number, tuple(float(number + index) for index in range(200)), -number)
"""


def test_no_torn_records(tmp_path):
    (tmp_path / "hammer.py").write_text(BLOW)

    def process(program):
        words = [sys.executable, "-c", program, str(tmp_path / "x.channel"), str(SECONDS)]
        return subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True)

    began_s = time.monotonic()
    writer, *readers = [process(program) for program in (WRITER, READER, READER, READER)]
    told = [json.loads(reader.communicate(timeout=LONGEST_S)[0]) for reader in readers]
    written = int(writer.communicate(timeout=LONGEST_S)[0])
    assert written > 100, time.monotonic() - began_s
    for reader in told:
        assert reader["reads"] > 0
        assert (reader["wrong"], reader["backward"]) == (0, 0), told
