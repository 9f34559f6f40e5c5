import json

import pytest

from surefoot.cli import main


def measured(capsys, *words):
    status = main(["bench", "loop", "--seconds", "1", "--priority", "0", "--json", *words])
    said = capsys.readouterr()
    if status == 2 and "the measurement is void" in said.err:
        pytest.skip("the machine is too busy to measure anything")
    assert status in {0, 1}  # bars are for idle machines
    return json.loads(said.out)


def check(told, rates_hz):
    loops = {name: told[name] for name in told if isinstance(told[name], dict) and "rate_hz" in told[name]}
    assert {name: loop["rate_hz"] for name, loop in loops.items()} == {
        **rates_hz,
        "bare_1000_hz": 1000.0,
        "bare_200_hz": 200.0,
    }
    for name in rates_hz:
        loop = told[name]
        assert loop["ticks"] > 0
        assert 0.0 < loop["period_us"]["p50"] <= loop["period_us"]["p99"] <= loop["period_us"]["max"]
        assert told["cpu_share"][name] > 0.0
    assert told["stopped"] or told["sensor_to_command_us"]["p50"] > 0.0  # a busy machine may stop it
    assert "not asked for" in told["real_time"]


def test_without_ros_a_robot_stands(capsys):
    told = measured(capsys, "--no-ros")
    check(told, {"link": 1000.0, "supervisor": 200.0})
    assert (told["policy"], told["policy_file"], told["sample_to_target_us"]) == (None, "", None)


def test_with_ros_a_policy_answers(capsys):
    pytest.importorskip("rclpy")
    told = measured(capsys)
    check(told, {"link": 1000.0, "supervisor": 200.0, "robot_node": 100.0, "policy": 50.0})
    assert told["policy_file"] == "policy.onnx"
    assert 0.0 < told["sample_to_target_us"]["p50"] <= told["sample_to_target_us"]["max"]
