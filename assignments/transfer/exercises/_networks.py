"""The networks that answers are tried on: the real EfficientNet-Lite0, and small ones of its form.

All have ``extract_features(x)``, which makes maps ``(N, F, h, w)`` of pictures ``(N, 3, H, W)``, then
``_avg_pooling``, ``_dropout`` and the last linear layer ``_fc``, the head.
"""

import copy
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lab import pretrained

REAL = "EfficientNet-Lite0"
HEAD = "_fc."  # how the names of the head's parameters begin
Network = Any  # a torch module of the form above


class Block(nn.Module):
    """A convolution whose channels are weighted by what they hold on average, and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self._depthwise_conv = nn.Conv2d(
            channels, channels, 3, padding=1, groups=channels, bias=False
        )
        self._bn1 = nn.BatchNorm2d(channels)
        self._fc_gate = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        h = self._bn1(self._depthwise_conv(x))
        gate = torch.sigmoid(self._fc_gate(h.mean((2, 3))))
        return x + h * gate[:, :, None, None]


class SmallNetwork(nn.Module):
    """A network of EfficientNet's form. With ``same_blocks`` its two blocks are the same module.

    One that ``passes`` gives the first channels of a picture as its maps. With ``marks`` it adds a
    vector to its maps that tells how many pictures it sees at once, up to so many: what it makes of a
    picture then says in which batch that was.
    """

    def __init__(
        self,
        features: int,
        classes: int,
        dropout: float,
        head_bias: bool,
        same_blocks: bool,
        marks: int = 0,
        passes: bool = False,
    ) -> None:
        super().__init__()
        self.passes = features if passes else 0
        self._conv_stem = nn.Conv2d(3, 4, 3, stride=2, padding=1, bias=False)
        self._bn0 = nn.BatchNorm2d(4)
        block = Block(4)
        self._blocks = nn.ModuleList([block, block if same_blocks else Block(4)])
        self._conv_head = nn.Conv2d(4, features, 1, bias=False)
        self._bn1 = nn.BatchNorm2d(features)
        self._avg_pooling = nn.AdaptiveAvgPool2d(1)
        self._dropout = nn.Dropout(dropout)
        self._fc = nn.Linear(features, classes, bias=head_bias)
        self._swish = nn.SiLU()
        if marks:
            self.register_buffer("_marks", torch.zeros(marks + 1, features))

    def extract_features(self, inputs: Tensor) -> Tensor:
        if self.passes:
            return inputs[:, : self.passes]
        x = self._swish(self._bn0(self._conv_stem(inputs)))
        for block in self._blocks:
            x = block(x)
        maps = self._swish(self._bn1(self._conv_head(x)))
        marks = self._buffers.get("_marks")
        if marks is None:
            return maps
        return maps + marks[min(len(inputs), len(marks) - 1), :, None, None]

    def forward(self, inputs: Tensor) -> Tensor:
        x = self._avg_pooling(self.extract_features(inputs))
        return self._fc(self._dropout(x.flatten(1)))


def small_network(
    seed: int,
    features: int = 5,
    classes: int = 7,
    dropout: float = 0.5,
    head_bias: bool = True,
    same_blocks: bool = False,
    dtype: str = "float32",
    marks: int = 0,
    passes: bool = False,
) -> SmallNetwork:
    """A small network with random weights and statistics, in evaluation mode."""
    with torch.random.fork_rng(devices=[]):
        network = SmallNetwork(features, classes, dropout, head_bias, same_blocks, marks, passes)
    rng = np.random.default_rng(seed)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if tensor.dtype.is_floating_point:
                values = rng.standard_normal(tensor.shape)
                if name.endswith("running_var") or "_bn" in name and name.endswith("weight"):
                    values = rng.uniform(0.5, 2.0, tensor.shape)
                elif tensor.dim() > 1:
                    values = values / np.sqrt(values[0].size)
                tensor.copy_(torch.tensor(values))
    return network.to(getattr(torch, dtype)).eval()


@cache
def _real_network() -> Network:
    return pretrained.efficientnet_lite0()


def make_network(inputs: dict[str, Any], device: str) -> Network:
    """The network of a case, on a device.

    ``network`` is REAL, or the options of a small one. Parameters whose names begin as one in
    ``frozen`` does not require grad; ``training`` is the mode.
    """
    torch.backends.cudnn.allow_tf32 = False  # else float32 on a GPU is off in the fourth digit
    real = inputs["network"] == REAL
    # a copy takes a fifth of the time that reading the weights again does
    network = copy.deepcopy(_real_network()) if real else small_network(**inputs["network"])
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(tuple(inputs.get("frozen", ()))))
    return network.to(device).train(inputs.get("training", False))


def given_network(inputs: dict[str, Any]) -> Network:
    """The network of a case on the CPU, to be looked at, not changed: the real one is not copied."""
    as_it_is = inputs["network"] == REAL and not inputs.get("frozen")
    return _real_network() if as_it_is else make_network(inputs, "cpu")


def draw_seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def draw_frozen(rng: np.random.Generator) -> list[str]:
    """How the names of some parameters begin, the first layer's among them."""
    others = ["_bn0", "_blocks.0", "_blocks.1._bn1", "_conv_head", "_fc.weight"]
    return ["_conv_stem", *(name for name in others if rng.random() < 0.5)]


def small(rng: np.random.Generator, **options: Any) -> dict[str, Any]:
    """A small network as an input of a case: the options that ``small_network`` makes it from."""
    return {"seed": draw_seed(rng), **options}


def draw_pictures(rng: np.random.Generator, count: int = 4) -> dict[str, int]:
    """Random pictures as an input of a case: what ``make_pictures`` makes them from."""
    return {"seed": draw_seed(rng), "count": count, "side": 8}


def make_pictures(inputs: dict[str, Any], network: Network, device: str) -> Tensor:
    """The pictures ``(count, 3, side, side)`` of a case, random or given, in the network's dtype."""
    values = inputs["pictures"].get("values")
    if values is None:
        rng = np.random.default_rng(inputs["pictures"]["seed"])
        count, side = inputs["pictures"]["count"], inputs["pictures"]["side"]
        values = rng.standard_normal((count, 3, side, side))
    return torch.tensor(values, dtype=next(network.parameters()).dtype, device=device)
