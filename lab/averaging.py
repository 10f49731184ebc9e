"""Average weights instead of predictions: running averages, soups, and batch norm's statistics.

A rule of ``lab.rules`` wrapped by ``ema`` or ``uniform`` takes the same steps as before and keeps an
average of its weights in ``state["average"]``, which is what ``lab.training`` then judges. The
average does not touch the training: gradients are taken at the rule's own weights.
``Weights`` are a run's parameters and buffers by name, each ``(L, S, ...)``, as in ``lab.training``.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from lab.rules import Array, Rule, State
from lab.training import Weights


def ema(rule: Rule, decay: float | Tensor, unbiased: bool = False) -> Rule:
    """``rule`` with an exponential moving average: a <- decay a + (1 - decay) w after each step.

    ``decay`` is a number in [0, 1), or a tensor that broadcasts against the weights. By default
    a starts as the weights after the first step, as in ``torch.optim.swa_utils.AveragedModel``:
    after t steps that first value still has the share decay^(t-1). With ``unbiased`` a starts at 0
    and is divided by 1 - decay^t, as Adam's averages are: the shares fall by the factor ``decay``
    from step to step back into the past, and nothing sticks to the start.
    """

    def averaged(w: Array, g: Array, state: State, lr: Array, **hyper: Any) -> Array:
        new = rule(w, g, state, lr, **hyper)
        t = state["averaged"] = state.get("averaged", 0) + 1
        keep = decay * (1 - decay ** (t - 1)) / (1 - decay**t) if unbiased else decay
        average: Array = state.get("average", new)
        state["average"] = keep * average + (1 - keep) * new
        return new

    return averaged


def uniform(rule: Rule, start: int = 0, every: int = 1) -> Rule:
    """``rule`` with the plain mean of its weights after steps start + every, start + 2 every, ...

    Polyak and Ruppert's average for ``start=0``, ``every=1``; stochastic weight averaging for a
    later start. Until the first of them the rule's own weights are judged. Sources: Polyak &
    Juditsky (1992), https://doi.org/10.1137/0330046; Izmailov et al. (2018),
    https://arxiv.org/abs/1803.05407
    """

    def averaged(w: Array, g: Array, state: State, lr: Array, **hyper: Any) -> Array:
        new = rule(w, g, state, lr, **hyper)
        t = state["averaged"] = state.get("averaged", 0) + 1
        n, rest = divmod(t - start, every)
        if n < 1:
            state["average"] = new
        elif rest == 0:
            state["average"] = state["average"] + (new - state["average"]) / n if n > 1 else new
        return new

    return averaged


def mix(weights: Sequence[Weights], shares: Sequence[float] | None = None) -> Weights:
    """The weighted mean of several weights, name by name; equal shares if none are given.

    Whole-number buffers (batch norm's counter) are taken from the first. Raises ValueError if
    there are not as many shares as weights.
    """
    shares = [1 / len(weights)] * len(weights) if shares is None else shares
    if len(shares) != len(weights):
        raise ValueError(f"{len(shares)} shares for {len(weights)} weights")
    parts = list(zip(shares, weights, strict=True))
    return {
        name: sum((share * w[name] for share, w in parts), torch.zeros(()))
        if first.is_floating_point()
        else first
        for name, first in weights[0].items()
    }


@torch.no_grad()
def reestimate_batch_norm(
    make_model: Callable[[], nn.Module], weights: Weights, x: Tensor
) -> Weights:
    """The same parameters with batch norm's mean and variance measured on ``x`` ``(N, ...)``.

    One pass over ``x`` as a single batch, in training mode: what ``update_bn`` of
    ``torch.optim.swa_utils`` does for one model and a loader of one batch. Weights of a model
    without batch norm come back unchanged.
    """
    model = make_model().to("meta").train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0  # the new statistics replace the old ones
        elif isinstance(module, nn.modules.dropout._DropoutNd):
            module.eval()
    weights = {name: w.clone() for name, w in weights.items()}

    def forward(one: Weights) -> Tensor:
        return functional_call(model, one, (x,))

    vmap(vmap(forward))(weights)  # changes the statistics in place
    return weights
