"""Where a network looks: maps of a picture that say which places speak for a class."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F


def class_activation_map(maps: Tensor, weights: Tensor, classes: Tensor) -> Tensor:
    """The last feature maps, weighted as the last layer weights their means: ``(N, h, w)``.

    With ``maps`` a ``(N, K, h, w)``, ``weights`` W ``(K, C)`` and ``classes`` c ``(N,)`` it is
    sum_k W[k, c_n] a[n, k]; its mean over places is the logit of class c without the bias. Zhou et
    al., "Learning Deep Features for Discriminative Localization" (CVPR 2016),
    https://arxiv.org/abs/1512.04150
    """
    return torch.einsum("nkhw,kn->nhw", maps, weights[:, classes])


def share_inside(maps: Tensor, mask: Tensor) -> Tensor:
    """The share of each map's positive part ``(N, h, w)`` that falls on its mask ``(N, H, W)``.

    Maps are enlarged to the mask's size, bilinearly. A map without a positive part gives nan.
    """
    large = F.interpolate(maps.clamp(min=0)[:, None], mask.shape[-2:], mode="bilinear")[:, 0]
    return (large * mask).sum((-2, -1)) / large.sum((-2, -1))


@torch.no_grad()
def occlusion(
    score: Callable[[Tensor], Tensor], x: Tensor, patch: int, stride: int, fill: float = 0.0
) -> Tensor:
    """How much the score falls when a square of ``x`` ``(channels, H, W)`` is covered.

    ``score`` maps ``(N, channels, H, W)`` to ``(N,)``. Returns ``(rows, columns)``, one for each
    place of the square, whose top left corner moves by ``stride``; positive where covering hurts.
    Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014),
    https://arxiv.org/abs/1311.2901
    """
    tops = range(0, x.shape[-2] - patch + 1, stride)
    lefts = range(0, x.shape[-1] - patch + 1, stride)
    covered = x.repeat(len(tops) * len(lefts), 1, 1, 1)
    for i, (top, left) in enumerate((t, s) for t in tops for s in lefts):
        covered[i, :, top : top + patch, left : left + patch] = fill
    return (score(x[None]) - score(covered)).view(len(tops), len(lefts))
