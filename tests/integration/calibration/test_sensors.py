"""`surefoot identify imu`, `zero`, `latency`, `join` on a simulated robot whose errors are known."""

import json

import numpy as np
import pytest
import yaml
from real_processes import wait_for
from scipy.spatial.transform import Rotation
from sensed_logs import GO2, held, noise_log, pushed, rocking_targets, simulated

from surefoot.cli import main
from surefoot_calibration.air.plan import PlanOptions, make_plan, random_phases
from surefoot_calibration.air.synthetic import hidden_parameters, synthetic_log
from surefoot_calibration.log.csv_file import write_csv
from surefoot_calibration.sensors.sensor_log import read_sensors
from surefoot_robots.calibration import read_calibration

NOISE, BIAS, SHAKE = 0.01, 0.004, 0.08
SENSORS = {"gyro_noise_radps": NOISE, "gyro_bias_radps": BIAS, "acceleration_noise_mps2": SHAKE}
HOME = GO2.default_joint_position_rad
TURN = np.array([0.02, -0.03, 0.04])


def run(capsys, *words):
    status = main([str(word) for word in words])
    return status, capsys.readouterr()


def rows_of(file):
    return {(one.name, one.joint): one for one in read_calibration(file, GO2).measured}


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """Hung still; standing; rocking. The last two by an IMU that is mounted askew."""
    folder = tmp_path_factory.mktemp("logs")
    askew = Rotation.from_rotvec(TURN)
    simulated({"trunk": "held", "sensors": SENSORS}, 20.0, lambda _: held(HOME)).write(folder / "still.csv")
    standing = simulated({"start_pose": "default"}, 5.0, lambda _: held(HOME), settle_s=8.0)
    rocking = simulated({"start_pose": "default"}, 10.0, rocking_targets())
    for log, name in ((standing, "standing.csv"), (rocking, "rocking.csv")):
        log.gyro, log.acc = askew.inv().apply(log.gyro), askew.inv().apply(log.acc)
        log.write(folder / name)
    return folder


def test_an_imu_is_what_the_simulation_has(logs, tmp_path, capsys):
    """True noise within 3 %, the bias within its interval, an axis' density within 5 %, mounting within 4 mrad."""
    out = tmp_path / "imu.yaml"
    words = ("--standing", logs / "standing.csv", "--rocking", logs / "rocking.csv", "--out", out)
    status, said = run(capsys, "identify", "imu", logs / "still.csv", *words)
    assert status == 0, said.err
    found = rows_of(out)
    assert found["gyro_noise_radps", None].value == pytest.approx(NOISE, rel=0.03)
    assert found["acceleration_noise_mps2", None].value == pytest.approx(SHAKE, rel=0.03)
    for axis in "xyz":
        density = found[f"gyro_density_{axis}_radps_per_sqrt_hz", None]
        assert density.value == pytest.approx(NOISE / np.sqrt(500.0), rel=0.05)
        assert density.low <= NOISE / np.sqrt(500.0) <= density.high
        bias = found[f"gyro_bias_{axis}_radps", None]
        assert (bias.low <= BIAS <= bias.high, bias.verdict) == (True, "weak")
        assert found[f"gyro_instability_{axis}_radps", None].verdict == "not_identifiable"
    for axis, turn in zip("xyz", TURN, strict=True):
        one = found[f"imu_turn_{axis}_rad", None]
        assert one.value == pytest.approx(turn, abs=0.004)
        assert one.low <= turn <= one.high
    # Gravity is seen turned the other way round than the IMU is.
    assert found["tilt_offset_x_rad", None].value == pytest.approx(-TURN[0], abs=0.005)
    assert found["tilt_offset_y_rad", None].value == pytest.approx(-TURN[1], abs=0.005)
    assert "needs" in said.out
    content = yaml.safe_load(out.read_text())
    assert [log["file"] for log in content["logs"]] == ["still.csv", "standing.csv", "rocking.csv"]
    assert "Allan deviation" in (tmp_path / "imu.html").read_text()


def test_a_task_is_made_for_it(logs, tmp_path, capsys):
    out = tmp_path / "imu.yaml"
    assert run(capsys, "identify", "imu", logs / "still.csv", "--out", out)[0] == 0
    status, said = run(capsys, "task", "velocity-flat", "--calibration", out, "--json")
    assert status == 0
    each = {one["name"]: one for one in json.loads(said.out)["parameters"]}
    assert each["gyro_noise_radps"]["range"] == [0.115, 0.115]  # at rest it is less
    low, high = each["gyro_bias_x_radps"]["range"]
    assert low < BIAS < high


def test_what_moves_is_refused(logs, capsys):
    status, said = run(capsys, "identify", "imu", logs / "rocking.csv")
    assert status == 2
    assert "rocking.csv: moves at" in said.err
    status, said = run(capsys, "identify", "imu", "--rocking", logs / "standing.csv")
    assert status == 2
    assert "rock it about two axes" in said.err


def test_zeros_by_stops_that_were_pressed(tmp_path, capsys):
    """Front left leg; simulated stops give by a few mrad, as rubber does."""
    offsets = [0.02, -0.015, 0.01] + [0.0] * 9

    def press(t):
        # A hand has to beat the leg's weight, too.
        side = 1.0 if t % 2.0 < 1.3 else -1.0
        return pushed([-4.0 * side, 0.0, 4.0 * side] + [0.0] * 9, kd=3.0)

    world = {"trunk": "held", "truth": {"encoder_offset_rad": offsets}}
    file = simulated(world, 8.0, press, settle_s=0.2).write(tmp_path / "pressed.csv", imu=False)
    out = tmp_path / "zero.yaml"
    status, said = run(capsys, "identify", "zero", file, "--out", out, "--json")
    assert status == 0
    found = rows_of(out)
    for joint, offset in (("FL_hip_joint", 0.02), ("FL_calf_joint", 0.01)):
        one = found["encoder_offset_rad", joint]
        assert one.value == pytest.approx(offset, abs=0.006)
        assert (one.low <= offset <= one.high, one.verdict) == (True, "weak")
    assert found["encoder_offset_rad", "FR_hip_joint"].verdict == "not_identifiable"
    assert len(json.loads(said.out)["sensors"]["settles"]["FL_hip_joint"][0]["said_rad"]) >= 3
    both = tmp_path / "both.yaml"
    other = tmp_path / "imu.yaml"
    assert run(capsys, "identify", "imu", noise_log(60.0).write(tmp_path / "a.csv"), "--out", other)[0] == 0
    assert run(capsys, "identify", "join", out, other, "--out", both)[0] == 0
    joined = rows_of(both)
    assert joined.keys() == found.keys() | rows_of(other).keys()


def test_latency_of_a_hidden_robot(tmp_path, capsys):
    """All joints moving by the plan: within half a millisecond, and the interval holds it."""
    options = PlanOptions(seconds=11.0)
    plan = make_plan(GO2, options, random_phases(np.random.default_rng(0)))
    truth = hidden_parameters(GO2, 3)
    log = synthetic_log(GO2, truth, plan.target_rad, rate_hz=options.rate_hz, seed=3)
    write_csv(tmp_path / "log.csv", log)
    out = tmp_path / "latency.yaml"
    status, said = run(capsys, "identify", "latency", tmp_path / "log.csv", "--out", out)
    assert status == 0, said.err
    found = rows_of(out)["action_delay_s", None]
    assert found.value == pytest.approx(truth.action_delay_s, abs=0.0005)
    assert found.low <= truth.action_delay_s <= found.high
    assert found.verdict == "identified"


def test_listening_to_a_robot_that_runs(tmp_path, capsys, start):
    """Real processes; on a busy machine samples are missed, and are counted."""
    stack = start("--sim")
    stack.released()
    out = tmp_path / "log.csv"
    words = ("--seconds", "0.5", "--out", out, "--run-dir", stack.root / "run", "--json")

    def listened():
        out.unlink(missing_ok=True)
        status, said = run(capsys, "identify", "listen", *words)
        told = status == 0 and json.loads(said.out)
        return told and told["samples"] > 20 and told

    told = wait_for(listened, "some samples")
    log = read_sensors(out, GO2)
    assert len(log.stamp_s) == told["samples"]
    assert log.joints.position_rad.shape == (told["samples"], 12)
    status, said = run(capsys, "identify", "listen", *words)
    assert (status, "is there already" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("imu",), "no log"),
        (("imu", "a.csv", "--gravity", "1"), "--gravity 1 must be within 9.76 to 9.84"),
        (("imu", "a.csv", "--tilt", "0.1"), "--tilt '0.1' is not valid: must be ROLL,PITCH"),
        (("imu", "a.csv", "--level-error", "1"), "--level-error 1 must be within"),
        (("zero", "a.csv", "--known-error", "-1"), "--known-error -1 must be within 0 to 0.2"),
        (("zero", "a.csv", "--pose", "sleeping"), "--pose sleeping: no such file, and go2 has the poses default"),
        (("zero", "a.csv", "--out", "nowhere/a.yaml"), "there is no such folder"),
        (("join", "a.yaml", "--out", "b.yaml"), "one file is joined already"),
        (("listen", "--out", "a.mcap"), "must end with .csv"),
    ],
)
def test_wrong_words_are_one_line(tmp_path, capsys, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    noise_log(30.0).write(tmp_path / "a.csv")
    status, said = run(capsys, "identify", *words)
    assert status == 2
    assert message in said.err
