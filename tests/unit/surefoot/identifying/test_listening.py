"""What sensors say, line by line; silence ends it."""

import io
import itertools
from dataclasses import dataclass, replace

import numpy as np
import pytest
from joint_logs import GO2
from sensed_robot import STATE

from surefoot.identifying.listening import Listened, Listener, listen
from surefoot_calibration.sensors.sensor_log import read_sensors
from surefoot_robots.errors import SurefootError
from surefoot_safety.channel.memory import Received


@dataclass
class Told:
    """A channel whose samples come every 2 ms; `lost` ones never do, and behind `last` there are none."""

    lost: tuple[int, ...] = ()
    last: int = 10**9
    restart: int = 10**9
    refusal: str = ""

    def read(self, now_s):
        number = int(now_s / 0.002 + 1e-6)
        if number in self.lost or number > self.last:
            number = min(self.last, number - 1)
        sequence = number - self.restart if number >= self.restart else number
        record = replace(STATE, sequence=sequence, stamp_s=0.002 * number, joint_position_rad=(0.1 * number,) * 12)
        return Received(record, number, now_s, 1)


def listened(seconds, *, imu_only=False, stop=lambda: False, **told):
    stream, ticks = io.StringIO(), itertools.count(1000)
    listener = Listener(GO2, Told(**told), stream, imu_only=imu_only)
    return listen(listener, seconds, 1e9, lambda: 0.001 * next(ticks), stop), stream.getvalue()


def test_every_sample_once_with_its_own_stamp(tmp_path):
    done, text = listened(0.2, lost=(530,))
    assert (done.samples, done.missed) == (99, 1)
    file = tmp_path / "a.csv"
    file.write_text(text)
    log = read_sensors(file, GO2)
    assert log.joints.position_rad.shape == (99, 12)
    assert log.joints.position_rad[0, 0] == pytest.approx(50.0)
    np.testing.assert_allclose(np.diff(log.stamp_s)[:20], 0.002, atol=1e-6)
    np.testing.assert_allclose(log.imu.acceleration_in_base_mps2[0], STATE.acceleration_in_base_mps2)
    assert text.splitlines()[1].startswith("1000000001.000000,50,")


def test_imu_only_and_an_end_by_hand():
    looks = itertools.count()
    done, text = listened(9.0, imu_only=True, stop=lambda: next(looks) > 50)
    assert text.splitlines()[0] == "t,gyro.x,gyro.y,gyro.z,acc.x,acc.y,acc.z"
    assert 20 <= done.samples <= 30


def test_silence_is_an_error_that_says_what_is_there():
    with pytest.raises(SurefootError, match=r"no sample for 5\.0 s; 51 are written"):
        listened(9.0, last=550)
    with pytest.raises(SurefootError, match="the link was started anew; 50 samples are written"):
        listened(2.0, restart=550)
    with pytest.raises(SurefootError, match="version 9"):
        listened(2.0, refusal="version 9")
    assert listened(0.0)[0] == Listened(0, 0, 0.0)
