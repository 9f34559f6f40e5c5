import gc
import os
import tracemalloc

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from toy_policy import NumpyToy, resealed, robot, toy_contract, toy_observations

from surefoot_policy.refusal import PolicyError
from surefoot_policy.runtime import Policy
from surefoot_robots.errors import SurefootError

SEEN = toy_observations()


def test_ticks_are_those_of_the_same_network_in_numpy(policy):
    toy = NumpyToy()
    for observation in SEEN:
        expected = toy.tick(observation.astype(np.float64))
        np.testing.assert_allclose(policy.tick(observation), expected, atol=2e-6)
        np.testing.assert_allclose(policy.estimates()["velocity_in_base"], toy.velocity, atol=2e-6)


def test_what_is_remembered_matters(policy):
    first = policy.tick(SEEN[0])
    assert np.abs(policy.tick(SEEN[0]) - first).max() > 1e-3


def test_reset_forgets_everything_to_the_bit(policy):
    first = [policy.tick(observation).tobytes() for observation in SEEN]
    for ticks in (1, 2, 3):  # an odd and an even number: both buffers have been the one that is read
        for observation in SEEN[:ticks]:
            policy.tick(observation)
        policy.reset()
        assert [policy.tick(observation).tobytes() for observation in SEEN] == first
        policy.reset()


def test_a_loaded_policy_remembers_nothing_of_its_tests(policy, file):
    np.testing.assert_allclose(policy.tick(SEEN[0]), toy_contract().golden.joint_target[0], atol=1e-6)


def test_the_first_state_is_the_one_of_the_contract(policy):
    """The clock starts at 0.5; from 0 the first target would be another."""
    assert np.abs(policy.tick(SEEN[0]) - NumpyToy(clock=0.0).tick(SEEN[0].astype(np.float64))).max() > 1e-3


def test_joint_targets_are_the_callers_own(policy):
    target = policy.tick(SEEN[0])
    kept = target.copy()
    policy.tick(SEEN[1])
    assert np.array_equal(target, kept)
    target[:] = np.nan
    assert np.isfinite(policy.tick(SEEN[2])).all()


def test_estimates_are_the_callers_own(policy):
    policy.tick(SEEN[0])
    before = policy.estimates()["velocity_in_base"]
    kept = before.copy()
    policy.tick(SEEN[1])
    assert np.array_equal(before, kept)
    assert before.shape == (3,)


def test_the_observation_is_not_changed(policy):
    observation = SEEN[0].copy()
    policy.tick(observation)
    assert np.array_equal(observation, SEEN[0])


def test_float64_observations_are_rounded(policy):
    first = policy.tick(SEEN[0])
    policy.reset()
    assert np.array_equal(policy.tick(SEEN[0].astype(np.float64)), first)


def test_what_is_not_a_number_is_passed_on_and_forgotten_at_reset(policy):
    observation = SEEN[0].copy()
    observation[3] = np.nan
    assert np.isnan(policy.tick(observation)).all()
    assert np.isnan(policy.tick(SEEN[0])).all()  # it is in the history: the supervisor has to reset
    policy.reset()
    assert np.isfinite(policy.tick(SEEN[0])).all()


@pytest.mark.parametrize("shape", [(32,), (34,), (1, 33), (33, 1), ()])
def test_an_observation_of_another_shape_is_refused_and_not_spread(policy, shape):
    with pytest.raises(SurefootError, match="observation of shape"):
        policy.tick(np.zeros(shape, np.float32))


def test_a_tick_that_onnxruntime_gives_up_is_an_error_like_any_other(tmp_path):
    """A graph that takes row 1 of one row if anything is beyond a million; the golden sequence is not."""

    def edit(model):
        target = next(node for node in model.graph.node if node.output[0] == "joint_target")
        target.output[0] = "rows"
        model.graph.initializer.append(numpy_helper.from_array(np.array([1e6], np.float32), "million"))
        model.graph.node.extend(
            [
                helper.make_node("ReduceMax", ["observation", "axis_1"], ["largest"], keepdims=0),
                helper.make_node("Greater", ["largest", "million"], ["beyond"]),
                helper.make_node("Cast", ["beyond"], ["row"], to=TensorProto.INT64),
                helper.make_node("Gather", ["rows", "row"], ["joint_target"]),
            ]
        )

    (tmp_path / "policy.onnx").write_bytes(resealed(edit))
    policy = Policy.load(tmp_path / "policy.onnx", robot())
    first = policy.tick(SEEN[0])
    with pytest.raises(PolicyError, match="graph: found a failure in a tick"):
        policy.tick(SEEN[0] * np.float32(1e9))
    policy.reset()
    assert np.array_equal(policy.tick(SEEN[0]), first)


def terms() -> dict[str, np.ndarray]:
    return {name: SEEN[0][columns] for name, columns in toy_contract().columns().items()}


def test_terms_are_packed_by_name_whatever_their_order(policy):
    shuffled = dict(reversed(terms().items()))
    assert np.array_equal(policy.pack(shuffled), SEEN[0])
    assert policy.pack(shuffled) is policy.pack(terms())


def test_a_term_too_many_one_missing_one_of_another_size(policy):
    with pytest.raises(SurefootError, match="for a policy that observes angular_velocity_in_base, gravity"):
        policy.pack({**terms(), "height_scan": np.zeros(3)})
    with pytest.raises(SurefootError, match="for a policy that observes"):
        policy.pack({name: value for name, value in terms().items() if name != "gravity_in_base"})
    with pytest.raises(SurefootError, match=r"gravity_in_base has shape \[1\]: must be \[3\]"):
        policy.pack({**terms(), "gravity_in_base": np.zeros(1)})


def test_the_range_of_commands_is_known(policy):
    assert policy.command_low.tolist() == [-1.0, np.float32(-0.6), np.float32(-1.2)]
    assert policy.command_high.tolist() == [1.0, np.float32(0.6), np.float32(1.2)]


def test_two_policies_from_one_file_do_not_share_what_they_remember(policy, file):
    other = Policy.load(file, robot())
    first = policy.tick(SEEN[0])
    for observation in SEEN[:3]:
        policy.tick(observation)
    assert np.array_equal(other.tick(SEEN[0]), first)


def test_a_graph_that_hands_its_state_straight_on(tmp_path):
    """`state.last_action.next` is `state.last_action` itself: the buffers must still take turns."""

    def edit(model):
        next(node for node in model.graph.node if node.op_type == "Identity").input[0] = "state.last_action"

    from surefoot_policy.checks import Candidate, check_golden, verify
    from surefoot_policy.refusal import PolicyError

    (tmp_path / "policy.onnx").write_bytes(resealed(edit))
    candidate = Candidate(tmp_path / "policy.onnx", robot())
    list(verify(candidate))
    assert candidate.policy is not None
    toy = NumpyToy()
    for observation in SEEN:
        expected = toy.tick(observation.astype(np.float64))
        toy.last_action = np.zeros(12)
        np.testing.assert_allclose(candidate.policy.tick(observation), expected, atol=2e-6)
    with pytest.raises(PolicyError, match="golden"):
        check_golden(candidate.policy)


def test_ticks_hold_on_to_no_memory(policy):
    for _ in range(200):
        policy.tick(SEEN[0])
    gc.collect()
    tracemalloc.start()
    try:
        for _ in range(200):
            policy.tick(SEEN[0])
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(5000):
            policy.tick(SEEN[0])
        gc.collect()
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 1000  # a byte per five ticks would show


def test_onnxruntime_writes_into_the_buffers_it_was_given(policy):
    """Zero copies: were the binding to copy, what we hold would stay as it was."""
    places = [memory.buffers for memory in policy._memories]
    addresses = [[buffer.ctypes.data for buffer in pair] for pair in places]
    policy.tick(SEEN[0])
    assert [[buffer.ctypes.data for buffer in pair] for pair in places] == addresses
    assert np.array_equal(places[0][1][0, -1], SEEN[0])  # the newest row of the history


def test_there_is_no_other_thread(policy):
    before = len(os.listdir("/proc/self/task"))  # noqa: PTH208, of numbers
    for observation in SEEN:
        policy.tick(observation)
    assert len(os.listdir("/proc/self/task")) == before  # noqa: PTH208
