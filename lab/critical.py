"""Find points where the gradient of a loss is zero, whatever their kind."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import grad, vmap


class CriticalPoints(NamedTuple):
    """Where a search ended, one row for each start.

    ``w`` ``(S, d)``; ``loss`` ``(S,)``; ``gradient_norm`` ``(S,)``; ``eigenvalues`` ``(S, d)`` of
    the Hessian, in ascending order. A row is a critical point only if its gradient norm is tiny.
    """

    w: Tensor
    loss: Tensor
    gradient_norm: Tensor
    eigenvalues: Tensor


def find_critical_points(
    loss: Callable[[Tensor], Tensor], starts: Tensor, steps: int = 100, tolerance: float = 1e-10
) -> CriticalPoints:
    """Solve grad L(w) = 0 from many starts by damped Newton steps that only shrink |grad L|.

    w <- w - H (H^2 + mu I)^-1 g, the Levenberg-Marquardt step for the equations g(w) = 0: saddles
    and maxima attract it as minima do. A step that lengthens g is refused and mu grows; else mu
    falls. A start is left alone once its gradient norm is below ``tolerance``.

    ``loss`` maps one point ``(d,)`` to a number; ``starts`` is ``(S, d)``, in double precision.
    The search can end where |g| has a minimum that is not zero: look at ``gradient_norm`` (Frye
    et al., https://arxiv.org/abs/2003.10397). Raises ValueError unless ``starts`` is float64.
    """
    if starts.dtype != torch.float64:
        raise ValueError(f"starts must be float64, got {starts.dtype}")
    gradients = vmap(grad(loss))
    w = starts.clone()
    g = gradients(w)
    mu = torch.full_like(w[:, 0], 1e-2)
    values, vectors = torch.linalg.eigh(hessians(loss, w))
    for _ in range(steps):
        left = (g.norm(dim=1) > tolerance).nonzero()[:, 0]
        if not len(left):
            break
        along = (vectors[left].mT @ g[left, :, None])[..., 0]
        along = along * values[left] / (values[left] ** 2 + mu[left, None])
        w_new = w[left] - (vectors[left] @ along[..., None])[..., 0]
        g_new = gradients(w_new)
        shorter = g_new.norm(dim=1) < g[left].norm(dim=1)
        moved = left[shorter]  # who stays keeps its Hessian
        w[moved], g[moved] = w_new[shorter], g_new[shorter]
        if len(moved):
            values[moved], vectors[moved] = torch.linalg.eigh(hessians(loss, w[moved]))
        mu[left] = torch.where(shorter, mu[left] / 5, mu[left] * 3).clamp(1e-16, 1e4)
    return CriticalPoints(w, vmap(loss)(w), g.norm(dim=1), values)


def hessians(loss: Callable[[Tensor], Tensor], w: Tensor) -> Tensor:
    """The Hessians ``(S, d, d)`` at points ``(S, d)``, column by column.

    In few dimensions that takes half of the time of ``torch.func.hessian``.
    """
    w = w.detach().requires_grad_()
    (g,) = torch.autograd.grad(vmap(loss)(w).sum(), w, create_graph=True)
    columns = (torch.autograd.grad(column.sum(), w, retain_graph=True)[0] for column in g.T)
    return torch.stack(list(columns), dim=-1)
