"""One writer and several readers, each a process, as fast as they can: no reader ever sees a torn record."""

import json

from surefoot.cli import main
from surefoot_safety.channel.layout import Layout
from surefoot_safety.channel.records import LoopRecord, StatusRecord
from surefoot_safety.process.hammer import Blow, blow


def test_no_torn_records(capsys):
    assert main(["bench", "channel", "--seconds", "3", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["written"] > 100
    assert len(told["readers"]) == 3
    for reader in told["readers"]:
        assert reader["reads"] > 0
        assert (reader["wrong"], reader["backward"]) == (0, 0)


def test_blows_are_as_large_as_what_goes_through_channels():
    assert blow(3).values[:2] == (3.0, 4.0)
    assert Layout(Blow).size >= Layout(StatusRecord).size
    assert Layout(Blow).size >= 0.4 * Layout(LoopRecord).size
