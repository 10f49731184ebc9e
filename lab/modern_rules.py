"""What came after Adam, from scratch: Lion, Muon, Shampoo and schedule-free learning.

Rules as in ``lab.rules``, ``(w, g, state, lr)`` to the new ``w``, for torch tensors; weight decay is
left out. ``muon`` and ``shampoo`` are for matrices: the last two axes of ``w`` are (out, in), and
axes before them are runs of their own. A schedule-free rule wants gradients at ``w`` and keeps the
weights to use afterwards in ``state["average"]``, which is where ``lab.training`` looks for them.
"""

import torch
from torch import Tensor

from lab.rules import State


# fmt: off
def lion(
    w: Tensor, g: Tensor, state: State, lr: Tensor,
    beta1: float = 0.9, beta2: float = 0.99,
) -> Tensor:
    """Lion: w <- w - lr sign(beta1 m + (1 - beta1) g); then m <- beta2 m + (1 - beta2) g.

    Source: Chen et al. (2023), https://arxiv.org/abs/2302.06675
    """
    m = state.get("m", 0.0)
    state["m"] = beta2 * m + (1 - beta2) * g
    return w - lr * torch.sign(beta1 * m + (1 - beta1) * g)


def orthogonalize(g: Tensor, steps: int = 5) -> Tensor:
    """Bring the singular values of ``g``, ``(..., out, in)``, near 1; leave its singular vectors.

    X = g / |g|, then X <- a X + (b A + c A^2) X with A = X X', so that each singular value s
    becomes a s + b s^3 + c s^5. After five steps most lie between 0.7 and 1.2; tiny ones lag
    behind. Source: Jordan et al. (2024), https://kellerjordan.github.io/posts/muon/
    """
    if g.shape[-2] > g.shape[-1]:
        return orthogonalize(g.mT, steps).mT  # the smaller A of the two
    x = g / g.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        a = x @ x.mT
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * a @ a) @ x
    return x


def muon(
    w: Tensor, g: Tensor, state: State, lr: Tensor,
    rho: float = 0.95, match_adam: bool = False,
) -> Tensor:
    """Muon: Nesterov momentum with its singular values brought near 1.

    v <- rho v + (1 - rho) g; w <- w - lr scale orthogonalize((1 - rho) g + rho v). The scale is
    sqrt(max(1, out / in)), or with ``match_adam`` 0.2 sqrt(max(out, in)), which makes the steps
    about as long as Adam's at the same rate. Sources: see ``orthogonalize``; for the second scale
    Liu et al. (2025), https://arxiv.org/abs/2502.16982
    """
    out, fan_in = w.shape[-2:]
    v = state["v"] = rho * state.get("v", 0.0) + (1 - rho) * g
    scale = 0.2 * max(out, fan_in) ** 0.5 if match_adam else max(1.0, out / fan_in) ** 0.5
    return w - lr * scale * orthogonalize((1 - rho) * g + rho * v)


def shampoo(w: Tensor, g: Tensor, state: State, lr: Tensor, eps: float = 1e-4) -> Tensor:
    """Shampoo for a matrix: A <- A + g g', B <- B + g' g; w <- w - lr A^(-1/4) g B^(-1/4).

    A and B start at eps I. Source: Gupta, Koren & Singer (2018), https://arxiv.org/abs/1802.09568
    """

    def inverse_root(side: str, product: Tensor) -> Tensor:
        start = eps * torch.eye(product.shape[-1], dtype=g.dtype, device=g.device)
        state[side] = state.get(side, start) + product
        values, vectors = torch.linalg.eigh(state[side])
        return (vectors * values.clamp(min=eps)[..., None, :] ** -0.25) @ vectors.mT

    return w - lr * inverse_root("out", g @ g.mT) @ g @ inverse_root("in", g.mT @ g)


def schedule_free_sgd(
    w: Tensor, g: Tensor, state: State, lr: Tensor, beta: float = 0.9
) -> Tensor:
    """Schedule-free SGD: z <- z - lr g; x <- x + (z - x) / t; w = (1 - beta) z + beta x.

    The gradient is taken at ``w``; x is the mean of z_1 .. z_t and the result,
    ``state["average"]``. Source: Defazio et al. (2024), https://arxiv.org/abs/2405.15682
    """
    t = state["t"] = state.get("t", 0) + 1
    x = state.get("average", w)
    z = state["z"] = state.get("z", w) - lr * g
    x = state["average"] = x + (z - x) / t
    return (1 - beta) * z + beta * x


def schedule_free_adam(
    w: Tensor, g: Tensor, state: State, lr: Tensor,
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> Tensor:
    """The same around Adam's denominator: z <- z - lr sqrt(1 - beta2^t) g / (sqrt(s) + eps).

    s <- beta2 s + (1 - beta2) g^2; beta1 takes the place of beta. The factor sqrt(1 - beta2^t)
    removes the bias of s, and the mean x weighs each z by that factor squared. Source: as for
    ``schedule_free_sgd``; no warm-up here.
    """
    t = state["t"] = state.get("t", 0) + 1
    weight = 1 - beta2**t
    total = state["total"] = state.get("total", 0.0) + weight
    s = state["s"] = beta2 * state.get("s", 0.0) + (1 - beta2) * g**2
    x = state.get("average", w)
    z = state["z"] = state.get("z", w) - lr * weight**0.5 * g / (s**0.5 + eps)
    x = state["average"] = x + (z - x) * (weight / total)
    return (1 - beta1) * z + beta1 * x
# fmt: on
