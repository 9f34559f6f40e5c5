"""The commands that operate a running robot, each as a process of its own, on a simulated one."""

from real_processes import surefoot, wait_for

from surefoot_safety.mode import Mode


def test_a_simulated_robot_by_hand(start):
    stack = start("--sim").released()
    root = stack.root
    status, told = surefoot("status", root=root)
    assert (status, told["mode"], told["robot"]) == (0, "off", "go2")
    assert told["link"]["rate_hz"] == 1000.0
    assert told["estop"] == "released"

    status, told = surefoot("status", "--sensors", root=root)
    assert (status, told["robot"], len(told["sensors"]["joints"])) == (0, "go2", 12)
    assert told["sensors"]["joints"][2]["name"] == "FL_calf_joint"
    assert -3.0 < told["sensors"]["joints"][2]["position_rad"] < -2.0  # it lies, its knees bent
    assert told["sensors"]["joints"][2]["temperature_c"] > 0.0
    assert told["sensors"]["imu"]["gravity_in_base"][2] < -0.9

    status, told = surefoot("mode", "walk", root=root)
    assert (status, told["followed"]) == (1, False)
    assert "walk is refused in off" in told["refusal"]

    stack.to(Mode.DAMPED)
    status, told = surefoot("stop", "--level", "damp", root=root)
    assert (status, told["mode"]) == (0, "stopped")
    status, told = surefoot("reset", root=root)
    assert (status, told) == (0, {"followed": True, "refusal": "", "mode": "off"})
    status, told = surefoot("mode", "arm", "--wait", "20", root=root)
    assert (status, told["arrived"]) == (0, True)

    status, told = surefoot("sim", "push", "20", root=root)
    assert (status, told["done"]) == (0, "a push of 20 N for 0.2 s")
    status, told = surefoot("sim", "fault", "battery-empty", root=root)
    assert status == 0
    wait_for(lambda: stack.view().status.record.battery_voltage_v == 20.0, "the fault to be seen")
    status, told = surefoot("sim", "fault", "wings-lost", root=root)
    assert status == 2
    assert "fault 'wings-lost' is unknown" in told
    status, told = surefoot("sim", "clear", root=root)
    assert told["done"] == "cleared: battery-empty"


def test_without_a_running_robot_each_says_what_to_do(tmp_path):
    for words in (["status"], ["mode", "stand"], ["stop"], ["reset"], ["sim", "push", "10"]):
        status, told = surefoot(*words, root=tmp_path)
        assert status == 2, words
        assert "surefoot up --sim" in told
