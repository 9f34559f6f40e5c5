from __future__ import annotations

from dataclasses import replace

import array_api_compat.numpy
import array_api_compat.torch
import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_robots.loader import load_robot
from surefoot_training.interop.observation import SCALES, ObservationLayout
from surefoot_training.task.environment import Observations
from surefoot_training.task.tasks import TASKS

FLAT, ROUGH = TASKS["velocity-flat"], TASKS["velocity-rough"]
GO2 = load_robot("go2")
CLOCK_AMONG_PRIVILEGED = 27  # after velocity 3, height 1, contacts 4, forces 12, clearances 4, disturbance 3


@pytest.fixture
def layout():
    return ObservationLayout(FLAT, GO2, array_api_compat.numpy)


def seen(task, robots, *, policy=2.0, privileged=3.0, dtype=np.float32):
    widths = (sum(term.size for term in table) for table in (task.observation, task.privileged))
    fills = zip(widths, (policy, privileged), strict=True)
    return Observations(*(np.full((robots, width), value, dtype=dtype) for width, value in fills))


def test_the_policy_sees_the_contract_then_the_clock_then_its_last_action(layout):
    names = [(block.name, block.size) for block in layout.policy]
    assert names == [
        ("angular_velocity_in_base", 3),
        ("gravity_in_base", 3),
        ("velocity_command", 3),
        ("joint_position", 12),
        ("joint_velocity", 12),
        ("gait_clock", 2),
        ("last_action", 12),
    ]
    assert layout.policy_size == 47
    assert layout.columns("joint_velocity") == slice(21, 33)
    assert layout.columns("last_action") == slice(35, 47)


def test_every_column_is_scaled_as_its_block_says(layout):
    observations = seen(FLAT, 2)
    observations.privileged[:, CLOCK_AMONG_PRIVILEGED : CLOCK_AMONG_PRIVILEGED + 2] = [[0.6, 0.8], [0.0, 1.0]]
    action = np.arange(24, dtype=np.float32).reshape(2, 12)
    arranged = layout.arrange(observations, action)
    policy = arranged.policy
    np.testing.assert_allclose(policy[:, 0:3], 0.4, rtol=1e-6)  # 2 rad/s × 0.2
    np.testing.assert_array_equal(policy[:, 3:9], 2.0)
    np.testing.assert_allclose(policy[0, 9:12], [2.0 - 0.1, 2.0 - 0.8, 2.0 + 1.5], rtol=1e-6)  # FL of the default pose
    np.testing.assert_allclose(policy[0, 12], 2.0 + 0.1, rtol=1e-6)  # FR_hip
    np.testing.assert_allclose(policy[:, 21:33], 0.1, rtol=1e-6)  # 2 rad/s × 0.05
    np.testing.assert_allclose(policy[:, 33:35], [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)
    np.testing.assert_array_equal(policy[:, 35:], action)
    privileged = arranged.privileged
    np.testing.assert_array_equal(privileged[:, 0:8], 3.0)
    np.testing.assert_allclose(privileged[:, 8:20], 0.03, rtol=1e-6)  # 3 N × 0.01
    np.testing.assert_allclose(privileged[:, 24:27], 0.03, rtol=1e-6)
    assert policy.dtype == privileged.dtype == np.float32


def test_a_height_scan_is_scaled_too():
    layout = ObservationLayout(ROUGH, GO2, array_api_compat.numpy)
    arranged = layout.arrange(seen(ROUGH, 1, privileged=-0.2), np.zeros((1, 12), dtype=np.float32))
    np.testing.assert_allclose(arranged.privileged[:, -187:], -0.5, rtol=1e-6)  # −0.2 m × 2.5


def test_arranging_leaves_what_it_was_given_alone(layout):
    observations, action = seen(FLAT, 3), np.ones((3, 12), dtype=np.float32)
    arranged = layout.arrange(observations, action)
    arranged.policy[:], arranged.privileged[:] = 9.0, 9.0
    assert (observations.policy == 2.0).all()
    assert (observations.privileged == 3.0).all()
    assert (action == 1.0).all()


def test_torch_tensors_come_out_as_numpy_arrays_do(layout):
    xp = array_api_compat.torch
    draws = np.random.default_rng(0)
    observations = seen(FLAT, 4)
    observations.policy[:], observations.privileged[:] = draws.normal(size=(4, 33)), draws.normal(size=(4, 51))
    action = draws.normal(size=(4, 12)).astype(np.float32)
    expected = layout.arrange(observations, action)
    tensors = Observations(xp.asarray(observations.policy), xp.asarray(observations.privileged))
    arranged = ObservationLayout(FLAT, GO2, xp).arrange(tensors, xp.asarray(action))
    np.testing.assert_array_equal(arranged.policy.numpy(), expected.policy)
    np.testing.assert_array_equal(arranged.privileged.numpy(), expected.privileged)


def test_every_scale_belongs_to_a_term_there_is():
    terms = {term.name for task in (FLAT, ROUGH) for term in (*task.observation, *task.privileged)}
    assert set(SCALES) <= terms


def test_a_task_whose_clock_cannot_be_seen_is_refused():
    blind = replace(FLAT, privileged=tuple(term for term in FLAT.privileged if term.name != "gait_clock"))
    with pytest.raises(SurefootError, match="no gait_clock among its privileged terms: velocity_in_base") as error:
        ObservationLayout(blind, GO2, array_api_compat.numpy)
    assert "add task.observations.gait_clock" in error.value.hint


def test_an_unknown_block_is_refused_with_those_there_are(layout):
    with pytest.raises(SurefootError, match="no block 'gait'") as error:
        layout.columns("gait")
    assert "gait_clock, last_action" in error.value.hint
