"""Fine-tune a few numbers instead of all: low-rank updates, or batch norm's scales alone."""

import torch
from torch import Tensor, nn

from lab.pretrained import EfficientNet


class LowRank(nn.Module):
    """A frozen 1x1 convolution or linear layer W with a trainable update of low rank: W + B A.

    A ``(rank, in)`` starts Gaussian with standard deviation 1 / sqrt(in), B ``(out, rank)`` at
    zero, so that nothing changes at first. Hu et al., "LoRA: Low-Rank Adaptation of Large Language
    Models" (2021), https://arxiv.org/abs/2106.09685, whose further factor alpha / r is 1 here.
    """

    def __init__(self, frozen: nn.Conv2d | nn.Linear, rank: int) -> None:
        super().__init__()
        fan_out, fan_in = frozen.weight.shape[:2]
        self.frozen: nn.Conv2d | nn.Linear = frozen.requires_grad_(False)
        self.A = nn.Parameter(torch.randn(rank, fan_in) / fan_in**0.5)
        self.B = nn.Parameter(torch.zeros(fan_out, rank))

    def forward(self, x: Tensor) -> Tensor:
        """W x + B (A x), on the channels (axis 1) of every place."""
        low = torch.einsum("ri,ni...->nr...", self.A, x)
        return self.frozen(x) + torch.einsum("or,nr...->no...", self.B, low)

    @torch.no_grad()
    def merged(self) -> Tensor:
        """The one matrix W + B A that does the same, in the shape of the frozen weight."""
        weight = self.frozen.weight
        return weight + (self.B @ self.A).view_as(weight)


def add_low_rank(model: nn.Module, rank: int) -> nn.Module:
    """Wrap every full 1x1 convolution of ``model`` in ``LowRank``, in place."""
    for parent in list(model.modules()):
        for name, layer in list(parent.named_children()):
            if isinstance(layer, nn.Conv2d) and layer.kernel_size == (1, 1) and layer.groups == 1:
                setattr(parent, name, LowRank(layer, rank))
    return model


def choose(model: EfficientNet, what: str, rank: int = 4) -> list[nn.Parameter]:
    """Freeze all but some parameters of a network whose last layer is ``model._fc``; return those.

    ``what`` is "head" (the last layer alone), and with it "scales" (batch norm's scales and
    shifts), "low rank" (updates of that rank to the 1x1 convolutions, which are added here), or
    "all". Raises ValueError for anything else.
    """
    if what not in ("head", "scales", "low rank", "all"):
        raise ValueError(f"cannot choose {what!r}")
    model.requires_grad_(what == "all")
    model._fc.requires_grad_(True)
    if what == "scales":
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.requires_grad_(True)
    if what == "low rank":
        add_low_rank(model, rank)  # A and B are new parameters, trainable from the start
    return [w for w in model.parameters() if w.requires_grad]
