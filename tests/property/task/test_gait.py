"""What holds for the trot clock at every phase."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.gait import desired_contact, next_phase

phases = st.floats(0, 1, exclude_max=True, width=32)
duties = st.floats(0.2, 0.8)
transitions = st.floats(0.02, 0.3)


def wanted(xp, phase, standing=False, **gait):
    return to_numpy(desired_contact(xp.asarray(np.float32([phase])), xp.asarray(np.array([standing])), **gait))[0]


@given(phase=phases, duty_factor=duties, transition_share=transitions)
def test_diagonals_agree_and_alternate_by_half_a_cycle(xp, phase, duty_factor, transition_share):
    gait = {"duty_factor": duty_factor, "transition_share": transition_share}
    front_left, front_right, rear_left, rear_right = wanted(xp, phase, **gait)
    assert front_left == rear_right
    assert front_right == rear_left
    half_later = wanted(xp, (phase + 0.5) % 1, **gait)
    np.testing.assert_allclose(half_later, [front_right, front_left, front_left, front_right], atol=2e-4)
    assert min(front_left, front_right) >= 0
    assert max(front_left, front_right) <= 1


@given(phase=phases, transition_share=transitions)
def test_at_half_duty_one_diagonal_takes_over_what_the_other_gives_up(xp, phase, transition_share):
    first, second, *_ = wanted(xp, phase, duty_factor=0.5, transition_share=transition_share)
    assert abs(first + second - 1) < 1e-4


@given(phase=phases, duty_factor=duties)
def test_standing_wants_all_feet_down(xp, phase, duty_factor):
    assert wanted(xp, phase, standing=True, duty_factor=duty_factor).tolist() == [1, 1, 1, 1]


@given(phase=phases, frequency_hz=st.floats(0.1, 10), dt_s=st.floats(0.001, 0.1))
def test_the_clock_stays_on_its_face_and_advances_by_the_step(xp, phase, frequency_hz, dt_s):
    start = np.float32([phase, phase])
    after = to_numpy(
        next_phase(xp.asarray(start), xp.asarray(np.array([False, True])), frequency_hz=frequency_hz, dt_s=dt_s)
    )
    assert 0 <= after[0] < 1
    assert after[1] == 0
    whole_turns = (after[0] - start[0]) - frequency_hz * dt_s
    assert abs(whole_turns - round(whole_turns)) < 1e-5
