"""``torch.optim.LBFGS`` run for a number of gradient evaluations, with and without mini-batches.

A loss maps flat weights ``(N,)`` to a scalar.
"""

from collections.abc import Callable, Iterable
from functools import partial

import numpy as np
import torch
from torch import Tensor

Loss = Callable[[Tensor], Tensor]


def full_batch(loss: Loss, w: Tensor, evaluations: int, memory: int = 10) -> np.ndarray:
    """The best loss seen after each evaluation of the gradient, ``(evaluations + 1,)``.

    With the strong Wolfe line search and ``memory`` pairs, from ``w``. A run that has nothing left
    to gain keeps its last value.
    """
    w, seen = w.detach().clone().requires_grad_(), []
    optimizer = torch.optim.LBFGS(
        [w],
        max_iter=evaluations,
        max_eval=evaluations,
        history_size=memory,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        seen.append(value.item())
        return value

    optimizer.step(closure)
    seen += [min(seen)] * (evaluations + 1 - len(seen))
    return np.minimum.accumulate(seen)[: evaluations + 1]


def batch_by_batch(losses: Iterable[Loss], w: Tensor, lr: float, evaluations: int) -> Tensor:
    """The weights after up to five steps, with a line search, on each mini-batch's loss in turn.

    It ends with the mini-batch in which the number of evaluations reaches ``evaluations``, or with
    the last. ``lr`` is the first length that each line search tries.
    """
    w, used = w.detach().clone().requires_grad_(), 0
    optimizer = torch.optim.LBFGS(
        [w], lr=lr, max_iter=5, history_size=10, line_search_fn="strong_wolfe"
    )

    def closure(loss: Loss) -> Tensor:
        nonlocal used
        used += 1
        optimizer.zero_grad()
        value = loss(w)
        value.backward()
        return value

    for loss in losses:
        optimizer.step(partial(closure, loss))
        if used >= evaluations:
            break
    return w.detach()
