"""The curvature of a small network: its loss as a function of one flat vector of weights.

Everything is float64 unless the caller passes a float32 ``w``: the small eigenvalues of a Hessian
are lost in float32.
"""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn
from torch.func import functional_call, grad, jvp, vmap
from torch.nn import functional as F


def flat_weights(params: Mapping[str, Tensor]) -> Tensor:
    """All weights in one float64 vector ``(N,)``, in the order of the mapping.

    Takes ``dict(model.named_parameters())``, or one member of what ``lab.training.train`` returns.
    """
    return torch.cat([p.detach().double().flatten() for p in params.values()])


def flat_loss(model: nn.Module, x: Tensor, y: Tensor) -> Callable[[Tensor], Tensor]:
    """The mean cross-entropy of ``model`` on ``(x, y)`` as a function of the flat weights ``(N,)``.

    Only the model's shapes are used, not its weights. ``x`` is ``(B, features)``, ``y`` int64
    ``(B,)``. The function raises RuntimeError if the vector has the wrong length.
    """
    shapes = {name: p.shape for name, p in model.named_parameters()}
    sizes = [shape.numel() for shape in shapes.values()]

    def loss(w: Tensor) -> Tensor:
        parts = zip(shapes.items(), w.split(sizes), strict=True)
        params = {name: part.view(shape) for (name, shape), part in parts}
        return F.cross_entropy(functional_call(model, params, (x.to(w.dtype),)), y)

    return loss


def hvp(loss: Callable[[Tensor], Tensor], w: Tensor, v: Tensor) -> Tensor:
    """The Hessian times a vector, H v, without the matrix: the gradient's derivative along ``v``.

    ``w`` and ``v`` are ``(N,)``; costs a few gradients. Source: Pearlmutter (1994),
    https://doi.org/10.1162/neco.1994.6.1.147
    """
    return jvp(grad(loss), (w,), (v,))[1]


def hessian(loss: Callable[[Tensor], Tensor], w: Tensor, chunk: int = 64) -> Tensor:
    """The Hessian ``(N, N)`` at ``w``, ``chunk`` columns at a time; exactly symmetric.

    As ``torch.func.hessian``, in less memory. Costs N Hessian-vector products.
    """
    eye = torch.eye(len(w), dtype=w.dtype)
    h = vmap(lambda v: hvp(loss, w, v), chunk_size=chunk)(eye)
    return (h + h.T) / 2
