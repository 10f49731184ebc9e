"""Bounds on the weights for ``training.train``: penalties, and a rule that caps their length.

A penalty is a function of a network's parameters by name. Only weights are bounded, that is parameters
of two axes or more; biases and the scales and offsets of batch norm are left alone.
"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from lab.rules import Rule, State

Penalty = Callable[[Mapping[str, Tensor]], Tensor | float]  # 0.0 where there is no weight


def _weights(params: Mapping[str, Tensor]) -> list[Tensor]:
    return [w for w in params.values() if w.dim() > 1]


def l2(strength: float) -> Penalty:
    """(strength / 2) times the sum of the squared weights; its gradient is strength * w."""
    return lambda params: strength / 2 * sum((w**2).sum() for w in _weights(params))


def l1(strength: float) -> Penalty:
    """strength times the sum of the absolute weights; its gradient is strength * sign(w)."""
    return lambda params: strength * sum(w.abs().sum() for w in _weights(params))


def elastic_net(strength1: float, strength2: float) -> Penalty:
    """The sum of an L1 and an L2 penalty.

    Zou & Hastie, "Regularization and variable selection via the elastic net" (2005),
    https://doi.org/10.1111/j.1467-9868.2005.00503.x
    """
    first, second = l1(strength1), l2(strength2)
    return lambda params: first(params) + second(params)


def max_norm(rule: Rule) -> Rule:
    """``rule``, after which each row of weights is shortened to ``longest`` if it is longer.

    A row holds all weights into one unit, or one kernel. For weights ``(L, S, out, ...)`` of many
    runs; ``longest`` broadcasts against them. Srivastava et al., "Dropout" (2014), section 5.1,
    https://jmlr.org/papers/v15/srivastava14a.html
    """

    def step(
        w: Tensor, g: Tensor, state: State, lr: Tensor, longest: Tensor, **hyper: Any
    ) -> Tensor:
        w = rule(w, g, state, lr, **hyper)
        if w.dim() < 4:  # biases and the like
            return w
        length = torch.linalg.vector_norm(w, dim=tuple(range(3, w.dim())), keepdim=True)
        return w * (longest / length.clamp(min=1e-12)).clamp(max=1)

    return step
