"""Find points where the gradient of a loss is zero, whatever their kind."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor
from torch.func import grad, hessian, vmap


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
    gradients, hessians = vmap(grad(loss)), vmap(hessian(loss))
    w = starts.clone()
    g = gradients(w)
    mu = torch.full_like(w[:, 0], 1e-2)
    for _ in range(steps):
        left = (g.norm(dim=1) > tolerance).nonzero()[:, 0]
        if not len(left):
            break
        values, vectors = torch.linalg.eigh(hessians(w[left]))
        along = (vectors.mT @ g[left, :, None])[..., 0]
        along = along * values / (values**2 + mu[left, None])
        w_new = w[left] - (vectors @ along[..., None])[..., 0]
        g_new = gradients(w_new)
        shorter = g_new.norm(dim=1) < g[left].norm(dim=1)
        w[left[shorter]], g[left[shorter]] = w_new[shorter], g_new[shorter]
        mu[left] = torch.where(shorter, mu[left] / 5, mu[left] * 3).clamp(1e-16, 1e4)
    return CriticalPoints(w, vmap(loss)(w), g.norm(dim=1), torch.linalg.eigvalsh(hessians(w)))
