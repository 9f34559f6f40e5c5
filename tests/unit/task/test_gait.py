import numpy as np
import pytest

from surefoot_robots.errors import SurefootError
from surefoot_training.task.arrays import to_numpy
from surefoot_training.task.gait import GaitConfig, TrotClock, desired_contact, next_phase

WALKING, STANDING = False, True


def test_next_phase_advances_and_wraps(array):
    phase = next_phase(array([0.0, 0.98, 0.5]), array([WALKING, WALKING, STANDING]), frequency_hz=2.0, dt_s=0.02)
    np.testing.assert_allclose(to_numpy(phase), [0.04, 0.02, 0.0], atol=1e-6)


def test_desired_contact_has_the_diagonals_alternate(array):
    wanted = to_numpy(desired_contact(array([0.25, 0.75]), array([WALKING, WALKING])))
    assert wanted.tolist() == [[1, 0, 0, 1], [0, 1, 1, 0]]
    assert wanted.dtype == np.float32


def test_desired_contact_while_standing_is_all_feet(array):
    assert to_numpy(desired_contact(array([0.6]), array([STANDING]))).tolist() == [[1, 1, 1, 1]]


def test_desired_contact_is_half_at_the_change_over(array):
    np.testing.assert_allclose(to_numpy(desired_contact(array([0.0]), array([WALKING]))), [[0.5] * 4], atol=1e-6)


def test_desired_contact_has_no_jumps(array):
    phase = np.linspace(0, 1, 1001)
    wanted = to_numpy(desired_contact(array(phase), array([WALKING] * 1001), transition_share=0.2))
    # The steepest slope of the smooth step is 1.5 over the transition.
    assert abs(np.diff(wanted, axis=0)).max() <= 0.001 * 1.5 / 0.2 * 1.01
    np.testing.assert_allclose(wanted[0], wanted[-1], atol=1e-5)


@pytest.mark.parametrize("duty_factor", [0.3, 0.5, 0.7])
def test_feet_are_down_for_the_duty_factor(array, duty_factor):
    phase = (np.arange(1000) + 0.5) / 1000
    wanted = to_numpy(desired_contact(array(phase), array([WALKING] * 1000), duty_factor=duty_factor))
    np.testing.assert_allclose(wanted.mean(0), duty_factor, atol=1e-3)


class TestTrotClock:
    def test_makes_its_cycles_per_second(self, xp, array):
        clock = TrotClock(GaitConfig(frequency_hz=2.0), 1, xp)
        for _ in range(30):  # 0.6 s, 1.2 cycles
            clock.advance(array([WALKING]), 0.02)
        np.testing.assert_allclose(to_numpy(clock.phase), [0.2], atol=1e-5)

    def test_rests_at_zero_while_standing_and_starts_from_there(self, xp, array):
        clock = TrotClock(GaitConfig(frequency_hz=2.0), 2, xp)
        for standing in ([WALKING, WALKING], [STANDING, WALKING], [WALKING, WALKING]):
            clock.advance(array(standing), 0.02)
        np.testing.assert_allclose(to_numpy(clock.phase), [0.04, 0.12], atol=1e-6)

    def test_reset_touches_only_its_robots(self, xp, array):
        clock = TrotClock(GaitConfig(frequency_hz=2.0), 2, xp)
        clock.advance(array([WALKING, WALKING]), 0.02)
        clock.reset(array([1]))
        np.testing.assert_allclose(to_numpy(clock.phase), [0.04, 0.0], atol=1e-6)

    def test_goes_on_from_a_saved_state(self, xp, array):
        clock, resumed = TrotClock(GaitConfig(frequency_hz=2.0), 1, xp), TrotClock(GaitConfig(frequency_hz=2.0), 1, xp)
        clock.advance(array([WALKING]), 0.02)
        resumed.load_state_dict(clock.state_dict())
        for each in (clock, resumed):
            each.advance(array([WALKING]), 0.02)
        assert to_numpy(resumed.phase).tolist() == to_numpy(clock.phase).tolist()


def test_a_gait_without_stance_is_refused():
    with pytest.raises(SurefootError, match=r"GaitConfig: duty_factor 0\.0 is out of bounds"):
        GaitConfig(duty_factor=0.0)
