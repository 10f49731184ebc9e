"""Fine-tuning in small pieces: a network as a chain of stages, of which the first stay frozen."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.optim.swa_utils import update_bn

from lab import augment
from lab.pretrained import EfficientNet

BLOCKS = 16
BACKBONE = BLOCKS + 2  # stages before the last layer: the stem, the blocks, the pooled features


def stages(model: EfficientNet) -> nn.Sequential:
    """EfficientNet-Lite0 as a chain of 19 stages, which share their weights with ``model``.

    Stage 0 is the stem, 1 to 16 are the blocks, 17 makes the 1280 pooled features, 18 is the last
    layer. The chain has none of the model's dropout and stochastic depth; in evaluation mode it
    computes the same. Its convolutions are laid out channels last, which is faster on a CPU.
    """
    stem = nn.Sequential(model._conv_stem, model._bn0, model._swish)
    pooled = nn.Sequential(
        model._conv_head, model._bn1, model._swish, nn.AdaptiveAvgPool2d(1), nn.Flatten()
    )
    chain = nn.Sequential(stem, *model._blocks, pooled, model._fc)
    chain.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # in no stub
    return chain.eval()


def freeze(network: nn.Sequential, frozen: int) -> None:
    """Let the optimizer train all stages but the first ``frozen``.

    Raises ValueError if that would leave nothing to train.
    """
    if not 0 <= frozen < len(network):
        raise ValueError(f"{frozen} of {len(network)} stages cannot be frozen")
    for i, stage in enumerate(network):
        stage.requires_grad_(i >= frozen)


def parameter_groups(network: nn.Sequential, lr: float, ratio: float = 1.0) -> list[dict]:
    """Parameter groups for ``torch.optim``: what is not frozen, the backbone at its own rate.

    The last layer learns at ``lr``, the stages before it at ``lr * ratio``.
    """
    backbone = [p for p in network[:-1].parameters() if p.requires_grad]
    head = [p for p in network[-1].parameters() if p.requires_grad]
    groups = [{"params": backbone, "lr": lr * ratio}, {"params": head, "lr": lr}]
    return [group for group in groups if group["params"]]


def hold_statistics(network: nn.Module, hold: bool) -> None:
    """Evaluation mode; unless ``hold``, batch norm normalizes and learns with each batch's own."""
    network.eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.train(not hold)


def fine_tune(
    network: nn.Sequential,
    x: Tensor,
    y: Tensor,
    *,
    frozen: int,
    lr: float,
    ratio: float = 1.0,
    steps: int,
    batch_size: int = 16,
    statistics: str = "held",
    shifted: bool = False,
    seed: int = 0,
) -> list[float]:
    """Train all but the first ``frozen`` stages with Adam; returns the loss at each step.

    ``x`` ``(N, 3, H, W)`` are prepared pictures, ``y`` ``(N,)`` their classes. The frozen stages
    see each picture once, before training. Rates fall linearly to 0; the backbone's is ``ratio``
    times that of the last layer. ``statistics`` of batch norm in the trained stages are "held",
    "moving" (each batch is normalized with its own, and the averages follow), or "refreshed" (as
    moving, and taken anew from all of ``x`` at the end). Each picture is ``shifted`` by up to an
    eighth of its side if no stage is frozen. The network is left in evaluation mode. Raises
    ValueError for other ``statistics``, and for shifts that frozen stages would have to see.
    """
    if shifted and frozen:
        raise ValueError(f"{frozen} frozen stages see each picture once, and so no shifts")
    if statistics not in ("held", "moving", "refreshed"):
        raise ValueError(f"statistics {statistics!r}: not held, moving or refreshed")
    freeze(network, frozen)
    optimizer = torch.optim.Adam(parameter_groups(network, lr, ratio))
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 1 - t / steps)
    x = outputs(network[:frozen], x)
    trained = network[frozen:]
    hold_statistics(trained, statistics == "held")
    generator = torch.Generator().manual_seed(1_000_003 + seed)
    wide = with_margin(x) if shifted else x
    losses, order = [], torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        if len(order) < batch_size:  # what is left of an epoch leads the next
            order = torch.cat([order, torch.randperm(len(x), generator=generator)])
        batch, order = order[:batch_size], order[batch_size:]
        seen = wide[batch]
        if shifted:
            seen = augment.crop(seen[None], x.shape[-1], generator)[0]
        loss = F.cross_entropy(trained(seen), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        decay.step()
        losses.append(loss.item())
    if statistics == "refreshed":
        update_bn(x.split(batch_size), trained)
    network.eval()
    return losses


@torch.no_grad()
def outputs(network: nn.Module, x: Tensor, batch_size: int = 64) -> Tensor:
    """What a chain of stages (perhaps none) makes of ``x``, in evaluation mode."""
    network.eval()
    x = x.contiguous(memory_format=torch.channels_last) if x.dim() == 4 else x
    return torch.cat([network(part) for part in x.split(batch_size)])


def with_margin(x: Tensor) -> Tensor:
    """Pictures ``(N, 3, side, side)`` with a margin of an eighth of their side: room to shift them."""
    return F.pad(x, [x.shape[-1] // 8] * 4, mode="replicate")


def small_network(classes: int) -> nn.Sequential:
    """Three convolutions of stride 2 with batch norm, 16 to 64 channels, mean, linear layer."""
    blocks: list[nn.Module] = []
    for fan_in, fan_out in ((3, 16), (16, 32), (32, 64)):
        conv = nn.Conv2d(fan_in, fan_out, 3, stride=2, padding=1, bias=False)
        blocks += [conv, nn.BatchNorm2d(fan_out), nn.ReLU()]
    return nn.Sequential(*blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, classes))


def from_scratch(
    x: Tensor,
    y: Tensor,
    train: Tensor,
    test: Tensor,
    steps: int,
    seed: int,
    *,
    lr: float = 1e-2,
    flips: bool = True,
) -> tuple[float, float]:
    """Test and training accuracy of a small convolutional network, trained from random weights.

    ``x`` ``(N, 3, side, side)`` are prepared pictures with labels ``y`` ``(N,)``, ``train`` and
    ``test`` indices into them. Adam on batches of 30, whose rate falls along a cosine; each picture
    is shifted by up to an eighth of its side, and mirrored if ``flips``.
    """
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    net = small_network(int(y.max()) + 1)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    decay = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    side = x.shape[-1]
    wide = with_margin(x)
    for _ in range(steps):
        batch = train[torch.randperm(len(train))[:30]]
        seen = augment.crop(wide[batch][None], side, generator)[0]
        seen = augment.flip(seen[None], generator)[0] if flips else seen
        optimizer.zero_grad()
        F.cross_entropy(net(seen), y[batch]).backward()
        optimizer.step()
        decay.step()
    net.eval()
    with torch.no_grad():
        right = net(x).argmax(-1) == y
    return right[test].float().mean().item(), right[train].float().mean().item()
