from types import SimpleNamespace

from surefoot.faults.watching import Timeline
from surefoot_safety.channel.memory import Received
from surefoot_safety.channel.records import bits_of
from surefoot_safety.mode import Mode
from surefoot_safety.table import Trigger


def status(stamp_s, mode, in_mode_s, *, active=(), latched=(), writer=1):
    reasons = "\n".join(f"{trigger.value}: at {stamp_s:g} s" for trigger in (*active, *latched))
    bits = {"active": bits_of(active), "latched": bits_of(latched)}
    record = SimpleNamespace(mode=mode, in_mode_s=in_mode_s, reasons=reasons, **bits)
    return Received(record, 1, stamp_s, writer)


def test_modes_come_with_when_they_began_however_seldom_one_looks():
    line = Timeline()
    line.look(None)
    line.look(status(1.0, Mode.WALKING, 0.5))
    line.look(status(1.2, Mode.WALKING, 0.7))
    line.look(status(1.5, Mode.FALLBACK, 0.2, active=[Trigger.POLICY_BAD]))
    line.look(status(1.4, Mode.STOPPED, 0.0))  # older than what was seen
    assert [(entered.mode, round(entered.at_s, 6)) for entered in line.modes] == [
        (Mode.WALKING, 0.5),
        (Mode.FALLBACK, 1.3),
    ]
    assert line.told(1.0) == "fallback (policy_bad)"
    assert line.told(1.45) == "goes on (policy_bad)"
    assert line.told(2.0) == "goes on"


def test_the_same_mode_begun_anew_is_another_one():
    line = Timeline()
    line.look(status(1.0, Mode.STOPPED, 0.5, latched=[Trigger.TILT]))
    assert line.latched == {Trigger.TILT}
    line.look(status(2.0, Mode.STOPPED, 0.5))
    assert len(line.modes) == 2
    line.look(status(2.005, Mode.STOPPED, 0.505, writer=2))
    assert len(line.modes) == 3
    assert line.latched == frozenset()
    assert line.triggers == {Trigger.TILT: 1.0}
    assert line.reasons == {"tilt": "tilt: at 1 s"}
