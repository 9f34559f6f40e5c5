"""What holds for every push."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.pushes import PushConfig, Pushes


@st.composite
def configurations(draw):
    def span(low, high):
        return tuple(sorted((draw(st.floats(low, high)), draw(st.floats(low, high)))))

    return PushConfig(
        kick_mps=span(0, 2),
        kick_interval_s=span(0.02, 0.5),
        force_n=span(0, 300),
        force_duration_s=span(0.001, 0.3),
        force_interval_s=span(0.02, 0.5),
    )


@given(config=configurations(), seed=st.integers(0, 2**32 - 1), strength=st.floats(0, 1), dt_s=st.floats(0.002, 0.05))
@settings(max_examples=40)
def test_pushes_are_horizontal_and_no_stronger_than_configured(xp, config, seed, strength, dt_s):
    pushes, rng = Pushes(config, 5, xp), Rng(seed, xp)
    pushes.reset(xp.arange(5), rng)
    for _ in range(30):
        step = pushes.step(dt_s, rng, strength)
        kick, force = to_numpy(step.velocity_kick_in_world), to_numpy(step.force_in_world_n)
        for pushed, most in ((kick, config.kick_mps[1]), (force, config.force_n[1])):
            assert pushed.dtype == np.float32
            assert not pushed[:, 2].any()
            assert np.linalg.norm(pushed, axis=-1).max() <= most * strength * (1 + 1e-5) + 1e-9
