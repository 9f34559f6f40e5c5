"""What holds for every command ever given."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from surefoot_training.task.arrays import Rng, to_numpy
from surefoot_training.task.commands import CommandConfig, CommandSampler

shares = st.floats(0, 1)


@st.composite
def configurations(draw):
    def around_zero():
        return -draw(st.floats(0, 2)), draw(st.floats(0, 2))

    return CommandConfig(
        vx_mps=around_zero(),
        vy_mps=around_zero(),
        yaw_rate_radps=around_zero(),
        interval_s=(0.1, 0.5),
        standing_share=draw(shares),
        heading_share=draw(shares),
        heading_gain_per_s=draw(st.floats(0, 5)),
        minimum_speed_mps=draw(st.floats(0, 0.5)),
        minimum_yaw_rate_radps=draw(st.floats(0, 0.5)),
    )


@given(config=configurations(), low=shares, width=shares, seed=st.integers(0, 2**32 - 1))
@settings(max_examples=40)
def test_commands_stay_in_range_and_only_zero_is_standing(xp, config, low, width, seed):
    robots, rng = 30, Rng(seed, xp)
    band = np.float32([low, min(1.0, low + width)])
    sampler = CommandSampler(config, robots, xp)
    sampler.set_speed_band(xp.arange(robots), xp.asarray(np.tile(band, (robots, 1))))
    sampler.reset(xp.arange(robots), rng)
    for _ in range(10):
        command, standing = to_numpy(sampler.velocity_command), to_numpy(sampler.standing)
        assert np.isfinite(command).all()
        assert (command >= np.float32(config.low) * band[1] - 1e-5).all()
        assert (command <= np.float32(config.high) * band[1] + 1e-5).all()
        assert (standing == ~command.any(-1)).all()
        speed = np.hypot(command[:, 0], command[:, 1])
        assert ((speed == 0) | (speed > config.minimum_speed_mps - 1e-6)).all()
        sampler.step(rng.uniform(-3.0, 3.0, robots), 0.1, rng)
