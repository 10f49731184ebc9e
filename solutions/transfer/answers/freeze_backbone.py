"""Answers to ``freeze_backbone``."""

import torch

from autograder.exercise import Outputs
from autograder.grading.answer import Answer


def freeze_backbone(network):
    for layer in network.children():
        if layer is not network._fc:
            layer.requires_grad_(False)
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    network._fc.requires_grad_(True)
    return network


KNOWN: Outputs = {
    "parameters that train": "2 (_fc.bias, _fc.weight)",
    "tensors that changed": "none",
}
ANSWER = Answer(freeze_backbone, known={"what trains": KNOWN})


@ANSWER.alternative
def freeze_backbone(network):
    """Written for the batch-norm layers alone, each put back before it is used."""
    for name, p in network.named_parameters():
        p.requires_grad = name.startswith("_fc.")
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
            module.register_forward_pre_hook(lambda module, inputs: module.eval() and None)
    return network


@ANSWER.alternative
def freeze_backbone(network):
    """Written with a train() of the network's own."""

    def train(mode=True):
        torch.nn.Module.train(network, mode)
        for module in network.modules():
            if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                module.eval()
        return network

    network.requires_grad_(False)
    for p in network._fc.parameters():
        p.requires_grad = True
    network.train = train
    return network.train(network.training)


@ANSWER.alternative
def freeze_backbone(network):
    """Written with another class for the batch-norm layers."""

    class Frozen(torch.nn.BatchNorm2d):
        def forward(self, x):
            return torch.nn.functional.batch_norm(
                x, self.running_mean, self.running_var, self.weight, self.bias, False, 0.0, self.eps
            )

    head = list(network._fc.parameters())
    for p in network.parameters():
        p.requires_grad_(any(p is q for q in head))
    for module in network.modules():
        if type(module) is torch.nn.BatchNorm2d:
            module.__class__ = Frozen
    return network


@ANSWER.alternative
def freeze_backbone(network):
    """Written with a hook of the network."""
    network.requires_grad_(False)
    network._fc.requires_grad_(True)
    network.eval()

    def hold(module, inputs):
        for m in module.modules():
            if "BatchNorm" in type(m).__name__:
                m.training = False

    network.register_forward_pre_hook(hold)
    return network


HOLD = """\
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
"""

ANSWER.edited(
    "head-frozen", "the head frozen as well: then nothing trains",
    ("requires_grad_(True)", "requires_grad_(False)"),
)
ANSWER.edited(
    "head-left-as-it-was", "a head that stays frozen if it was frozen before",
    ("    network._fc.requires_grad_(True)\n", ""),
    observed=True,
)
ANSWER.edited(
    "the-other-way-round", "the head frozen and the backbone trained",
    ("requires_grad_(True)", "requires_grad_(None)"),
    ("requires_grad_(False)", "requires_grad_(True)"),
    ("requires_grad_(None)", "requires_grad_(False)"),
)
ANSWER.edited(
    "blocks-only", "the blocks frozen alone: the first and the last convolution still train",
    ("if layer is not network._fc:", "if layer is network._blocks:"),
)
ANSWER.edited(
    "convolutions-only",
    "batch norm's weights and biases left to train: only convolutions are frozen",
    ("            layer.requires_grad_(False)\n",
     "            for module in layer.modules():\n"
     "                module.requires_grad_(isinstance(module, torch.nn.BatchNorm2d))\n"),
)
ANSWER.edited(
    "set-on-modules", "requires_grad set on layers, where only parameters know it",
    ("layer.requires_grad_(False)", "layer.requires_grad = False"),
)
ANSWER.edited(
    "statistics-move",
    "batch norm that is still in training mode when it is used: its statistics move, whatever requires_grad is",
    (HOLD, ""),
)
ANSWER.edited(
    "eval-once", "eval() called once, which the next network.train() undoes",
    ("            layer.train = lambda mode=True, layer=layer: layer\n", ""),
)
ANSWER.edited(
    "momentum-zero",
    "momentum 0, which holds the running averages but still normalizes with each batch's own",
    (HOLD,
     "            for module in layer.modules():\n"
     "                if isinstance(module, torch.nn.BatchNorm2d):\n"
     "                    module.momentum = 0.0\n"),
)
ANSWER.edited(
    "tracking-off",
    "track_running_stats off, which holds the statistics but still normalizes with each batch's "
    "own",
    (HOLD,
     "            for module in layer.modules():\n"
     "                if isinstance(module, torch.nn.BatchNorm2d):\n"
     "                    module.track_running_stats = False\n"),
)
ANSWER.edited(
    "train-not-overridden-inside",
    "train() of the batch-norm layers outside of the blocks held, of those inside not",
    ("            layer.train = lambda",
     "            if layer is not network._blocks:\n"
     "                layer.train = lambda"),
)
ANSWER.edited(
    "hook-returns-the-layer",
    "a layer where its input should be: what a forward pre-hook returns, as `lambda m, x: m.eval()` does, takes the input's place",
    (HOLD,
     "            for module in layer.modules():\n"
     "                if isinstance(module, torch.nn.BatchNorm2d):\n"
     "                    module.register_forward_pre_hook(lambda module, inputs: module.eval())\n"),
)
ANSWER.edited(
    "nothing-returned", "nothing returned, where the network is asked for",
    ("    return network\n", ""),
)
ANSWER.edited(
    "in-a-list-of-tensors",
    "`p in a list of tensors`, which compares numbers, not identities: compare names, or use a set or id(p)",
    ("    for layer in network.children():\n",
     "    for p in network.parameters():\n"
     "        p.requires_grad = p in list(network._fc.parameters())\n"
     "    for layer in network.children():\n"),
)
