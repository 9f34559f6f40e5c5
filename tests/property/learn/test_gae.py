"""The recursion against the definition: sums of discounted δ, written out for every step."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from surefoot_training.learn.ppo import compute_gae, ppo_loss, standardized

NUMBERS = st.floats(-10.0, 10.0, width=32)
SHAPES = st.tuples(st.integers(1, 7), st.integers(1, 3))


@st.composite
def rollouts(draw):
    shape = draw(SHAPES)
    reward, value, next_value = (draw(arrays(np.float32, shape, elements=NUMBERS)) for _ in range(3))
    return reward, value, next_value, draw(arrays(np.bool_, shape))


@given(rollouts(), st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_advantages_are_the_discounted_sums_up_to_the_end(rollout, gamma, lam):
    reward, value, next_value, ended = rollout
    found, returns = compute_gae(*(torch.from_numpy(part) for part in rollout), gamma=gamma, lam=lam)
    delta = reward.astype(float) + gamma * next_value - value
    for step, copy in np.ndindex(reward.shape):
        expected, weight = 0.0, 1.0
        for later in range(step, len(reward)):
            expected += weight * delta[later, copy]
            if ended[later, copy]:
                break
            weight *= gamma * lam
        np.testing.assert_allclose(found[step, copy], expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(returns, found + torch.from_numpy(value))


@given(
    arrays(np.float32, 8, elements=st.floats(0.015625, 64.0, width=32)),
    arrays(np.float32, 8, elements=NUMBERS),
    st.sampled_from([0.1, 0.2, 0.5]),
)
def test_the_clipped_surrogate_is_never_better_than_the_plain_one(ratio, advantage, clip):
    r = torch.from_numpy(ratio).requires_grad_()
    a = torch.from_numpy(advantage)
    loss = ppo_loss(r, a, clip).loss
    assert float(loss.detach()) >= float(-(r.detach() * a).mean()) - 1e-5 * float((r.detach() * a).abs().max() + 1)
    loss.backward()
    assert r.grad is not None
    beyond = ((a > 0) & (r > 1 + clip)) | ((a < 0) & (r < 1 - clip))
    assert not r.grad[beyond].any()
    assert bool((r.grad[~beyond & (a.abs() > 1e-3)] != 0).all())


@given(arrays(np.float32, st.integers(2, 20), elements=NUMBERS))
def test_standardized_values_have_mean_0_and_deviation_1(values):
    found = standardized(torch.from_numpy(values))
    assert abs(float(found.mean())) < 1e-5
    if values.std() > 1e-2:
        assert abs(float(found.std(correction=0)) - 1.0) < 1e-3
