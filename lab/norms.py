"""Batch norm whose statistics come from parts of the batch."""

import torch
from torch import Tensor, nn


class GhostBatchNorm1d(nn.Module):
    """Batch norm over ``ghost`` examples at a time, however large the batch is.

    In training, each part of ``ghost`` examples of ``(B, features)`` is normalized by its own mean
    and variance; B must be a multiple of ``ghost``. At test time running averages take their place.
    Hoffer, Hubara & Soudry, "Train longer, generalize better" (2017), https://arxiv.org/abs/1705.08741
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, features: int, ghost: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        self.ghost, self.momentum, self.eps = ghost, momentum, eps
        self.weight = nn.Parameter(torch.ones(features))
        self.bias = nn.Parameter(torch.zeros(features))
        self.register_buffer("running_mean", torch.zeros(features))
        self.register_buffer("running_var", torch.ones(features))

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            parts = x.unflatten(-2, (-1, self.ghost))
            mean = parts.mean(-2, keepdim=True)
            var = parts.var(-2, unbiased=False, keepdim=True)
            self._follow(mean.detach(), var.detach())
            normed = ((parts - mean) / (var + self.eps).sqrt()).flatten(-3, -2)
        else:
            normed = (x - self.running_mean) / (self.running_var + self.eps).sqrt()
        return normed * self.weight + self.bias

    def _follow(self, mean: Tensor, var: Tensor) -> None:
        """Move the running averages toward the mean over the parts (in place: torch's vmap asks it)."""
        unbiased = var * self.ghost / max(self.ghost - 1, 1)
        for running, now in ((self.running_mean, mean), (self.running_var, unbiased)):
            running.mul_(1 - self.momentum).add_(self.momentum * now.mean((-3, -2)))


@torch.no_grad()
def scatter(
    model: nn.Module, x: Tensor, pool: Tensor, batch_size: int, draws: int, seed: int
) -> float:
    """The variance of a model's outputs for the same input in different batches, in training mode.

    Each of ``x`` ``(N, ...)`` is put into ``draws`` batches with ``batch_size - 1`` others from
    ``pool`` ``(M, ...)``, drawn by ``seed``; the mean over inputs and outputs.
    """
    generator = torch.Generator().manual_seed(seed)
    model.train()
    variances = []
    for one in x:
        others = torch.randint(len(pool), (draws, batch_size - 1), generator=generator)
        outputs = torch.stack([model(torch.cat([one[None], pool[o]]))[0] for o in others])
        variances.append(outputs.var(0).mean())
    return torch.stack(variances).mean().item()
