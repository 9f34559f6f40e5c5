import numpy as np
import pytest
from toy_policy import robot, toy_file, with_contract

from surefoot_control.deciding import Deciding
from surefoot_control.facts import facts_of
from surefoot_control.senses import Sensed
from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_robots.identity import robot_hash
from surefoot_safety.command import VelocityCommand
from surefoot_safety.settings_loader import load_settings

MS = 1_000_000


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "policy.onnx"
    path.write_bytes(toy_file())
    return path


@pytest.fixture
def work(file):
    return Deciding.of_file(file, robot(), load_settings("go2"))


def sensed(stamp_ms):
    values = tuple(np.linspace(-0.5, 0.5, 12).tolist())
    return Sensed(stamp_ms * MS, values, values[::-1], (0.0, 0.1, -0.99), (0.1, 0.2, 0.3))


def expected(file, velocities):
    """What the policy says to the same samples from reset."""
    policy = Policy.load(file, robot())
    sample = sensed(0)
    return [
        policy.tick(
            policy.pack(
                {
                    "angular_velocity_in_base": np.array(sample.angular_velocity_in_base_radps),
                    "gravity_in_base": np.array(sample.gravity_in_base),
                    "velocity_command": np.array(velocity),
                    "joint_position": np.array(sample.joint_position_rad),
                    "joint_velocity": np.array(sample.joint_velocity_radps),
                }
            )
        ).tolist()
        for velocity in velocities
    ]


def test_it_ticks_at_its_own_rate(work):
    assert [work.decide(sensed(stamp), 0.0) is not None for stamp in (0, 10, 20, 30, 40)] == [
        *(True, False, True),
        *(False, True),
    ]


def test_while_the_robot_walks_it_remembers(work, file):
    work.mode = "walking"
    got = [list(work.decide(sensed(stamp), 0.0).joint_target_rad) for stamp in (0, 20, 40)]
    assert got == expected(file, [(0.0, 0.0, 0.0)] * 3)
    assert got[0] != got[1]


def test_before_that_every_tick_is_the_first(work, file):
    for work.mode in ("standing", None):
        work.restart()
        got = [list(work.decide(sensed(stamp), 0.0).joint_target_rad) for stamp in (0, 20)]
        assert got == expected(file, [(0.0, 0.0, 0.0)]) * 2
    work.mode = "walking"
    assert list(work.decide(sensed(40), 0.0).joint_target_rad) != got[0]


def test_the_velocity_is_within_what_it_was_trained_for_and_fades_with_age(work, file):
    work.velocity = VelocityCommand(1, 10.0, 5.0, 0.2, 0.0)  # the contract has 1 m/s, the supervisor's settings 1.5
    fresh = list(work.decide(sensed(0), 10.1).joint_target_rad)
    assert fresh == expected(file, [(1.0, 0.2, 0.0)])[0]
    work.restart()
    gone = list(work.decide(sensed(0), 11.0).joint_target_rad)
    assert gone == expected(file, [(0.0, 0.0, 0.0)])[0]


def test_what_it_believes_comes_along(work):
    assert len(work.decide(sensed(0), 0.0).velocity_in_base_mps) == 3


def test_a_policy_for_another_robot_is_refused_by_both_nodes(file):
    def of_another_robot(contract):
        contract["robot_hash"] = "1" * 64

    file.write_bytes(with_contract(of_another_robot))
    with pytest.raises(PolicyError, match="robot_hash"):
        Deciding.of_file(file, robot(), load_settings("go2"))
    with pytest.raises(PolicyError, match="robot_hash"):
        facts_of(robot(), file)


def test_gains_come_from_the_contract_or_without_a_policy_from_the_robot(file):
    facts = facts_of(robot(), file)
    contract = Policy.load(file, robot()).contract
    assert facts.kp_nm_per_rad == contract.gains.kp_nm_per_rad
    assert facts.kd_nms_per_rad == contract.gains.kd_nms_per_rad
    assert facts.digest == contract.sha256[:16]
    assert facts.robot_hash == robot_hash(robot())
    bare = facts_of(robot(), None)
    assert bare.kp_nm_per_rad == tuple(robot().kp_nm_per_rad.tolist())
    assert bare.digest == ""
