"""AdamW against torch's, and its first step by hand."""

import torch

from calibration.training.optimizer import State, adamw


def test_adamw_steps_are_torchs():
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(3, 50, generator=generator)
    rates = torch.tensor([0.1, 0.01, 0.1])
    state = State.begin(weights)
    theirs = [torch.nn.Parameter(row.clone()) for row in weights]
    optimizers = [
        torch.optim.AdamW([p], lr=r, betas=(0.9, 0.95), weight_decay=0)
        for p, r in zip(theirs, rates.tolist(), strict=True)
    ]
    for n_steps, scale in enumerate((0.01, 1, 30, 0.1, 3), start=1):  # below and above the clip
        gradient = scale * torch.randn(3, 50, generator=generator)
        for p, row, optimizer in zip(theirs, gradient, optimizers, strict=True):
            p.grad = row.clone()
            torch.nn.utils.clip_grad_norm_([p], 1.0)
            optimizer.step()
        adamw(state, gradient, rates, torch.tensor(float(n_steps)), [[0, 2], [1]])
        torch.testing.assert_close(state.weights, torch.stack([p.detach() for p in theirs]), rtol=1e-5, atol=1e-7)
    assert not torch.equal(state.weights, weights)


def test_the_first_step_by_hand():
    state = State.begin(torch.zeros(1, 2))
    adamw(state, torch.tensor([[3.0, -4.0]]), torch.tensor([0.5]), torch.tensor(1.0))
    # Norm 5 becomes 1; m = .1 g and v = .05 g^2 are corrected to g and g^2, and the step is rate g / |g|.
    torch.testing.assert_close(state.weights, torch.tensor([[-0.5, 0.5]]))
    torch.testing.assert_close(state.first, torch.tensor([[0.06, -0.08]]))
    torch.testing.assert_close(state.second, torch.tensor([[0.018, 0.032]]))
