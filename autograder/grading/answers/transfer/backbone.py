"""Answers to replace_head, freeze_backbone and parameter_groups."""

import numpy as np
import torch

from autograder.grading.answers.base import Answer

# Replacing the head.


def replace_head(network, classes):
    old = network._fc
    network._fc = torch.nn.Linear(
        old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype
    )
    return network


REPLACE_HEAD = Answer(replace_head)


@REPLACE_HEAD.alternative
def replace_head(network, classes):
    """Written with the shape of the weight, and .to() of the weight."""
    inputs = network._fc.weight.shape[1]
    network._fc = torch.nn.Linear(inputs, classes).to(network._fc.weight)
    return network


@REPLACE_HEAD.alternative
def replace_head(network, classes):
    """Written with setattr and a parameter taken from the network."""
    like = next(network.parameters())
    head = torch.nn.Linear(getattr(network, "_fc").in_features, classes)  # noqa: B009
    head = head.to(device=like.device, dtype=like.dtype)
    head.train(network.training)
    setattr(network, "_fc", head)  # noqa: B010
    print("new head", head)
    return network


@REPLACE_HEAD.alternative
def replace_head(network, classes):
    """Written by giving the old layer new parameters."""
    old = network._fc
    fresh = torch.nn.Linear(old.in_features, classes)
    old.out_features = classes
    old.weight = torch.nn.Parameter(fresh.weight.detach().to(old.weight))
    old.bias = torch.nn.Parameter(fresh.bias.detach().to(old.weight))
    return network


REPLACE_HEAD.edited(
    "1280-written-in", "1280 inputs written into the code, whatever the network's head has",
    ("old.in_features, classes", "1280, classes"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "inputs-of-the-classes", "a head with as many inputs as the old head had classes",
    ("old.in_features, classes", "old.out_features, classes"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "softmax-added", "a softmax after the new layer: the network must give scores",
    ("    return network", "    network._fc = torch.nn.Sequential(network._fc, torch.nn.Softmax(dim=1))\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "stacked", "a new layer after the old head, not in its place",
    ("    network._fc = torch.nn.Linear(\n        old.in_features,", "    new = torch.nn.Linear(\n        old.out_features,"),
    ("    return network", "    network._fc = torch.nn.Sequential(old, new)\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "number-changed-only", "out_features changed, which leaves the weights as they are",
    ("    network._fc = torch.nn.Linear(\n        old.in_features, classes, device=old.weight.device, dtype=old.weight.dtype\n    )\n", "    old.out_features = classes\n    old.weight.requires_grad_(True)\n    old.bias.requires_grad_(True)\n"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "old-rows-kept", "the old head's first rows kept: they know other classes",
    ("    return network", "    with torch.no_grad():\n        rows = min(classes, old.out_features)\n        network._fc.weight[:rows] = old.weight[:rows]\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "starts-at-zero", "a head that starts at zero, where torch's own initialization is asked for",
    ("    return network", "    torch.nn.init.zeros_(network._fc.weight)\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "bias-at-zero", "a bias set to zero, where torch's own initialization is asked for",
    ("    return network", "    torch.nn.init.zeros_(network._fc.bias)\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "no-bias", "a head without a bias",
    ("old.in_features, classes,", "old.in_features, classes, bias=False,"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "dtype-forgotten", "a head that is always float32 on the CPU, whatever the network is",
    (", device=old.weight.device, dtype=old.weight.dtype", ""),
)  # fmt: skip
REPLACE_HEAD.edited(
    "all-new", "all layers started anew, not only the last",
    ("    return network", "    for module in network.modules():\n        if hasattr(module, 'reset_parameters'):\n            module.reset_parameters()\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "head-returned", "the new layer returned, where the network is asked for",
    ("    return network", "    return network._fc"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "a-copy", "a copy of the network changed, not the network itself",
    ("    old = network._fc", "    import copy\n\n    network = copy.deepcopy(network)\n    old = network._fc"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "frozen-as-well", "the other layers frozen on the way, which is not asked for here",
    ("    old = network._fc", "    network.requires_grad_(False)\n    old = network._fc"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "mode-changed", "the network put into training mode",
    ("    return network", "    network.train()\n    return network"),
)  # fmt: skip
REPLACE_HEAD.edited(
    "another-name", "the new layer stored under another name, where the network never looks",
    ("network._fc = ", "network.fc = "),
)  # fmt: skip


# Freezing the backbone.


def freeze_backbone(network):
    for layer in network.children():
        if layer is not network._fc:
            layer.requires_grad_(False)
            layer.eval()
            layer.train = lambda mode=True, layer=layer: layer
    network._fc.requires_grad_(True)
    return network


FREEZE_BACKBONE = Answer(freeze_backbone)


@FREEZE_BACKBONE.alternative
def freeze_backbone(network):
    """Written for the batch-norm layers alone, each put back before it is used."""
    for name, p in network.named_parameters():
        p.requires_grad = name.startswith("_fc.")
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
            module.register_forward_pre_hook(lambda module, inputs: module.eval() and None)
    return network


@FREEZE_BACKBONE.alternative
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


@FREEZE_BACKBONE.alternative
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


@FREEZE_BACKBONE.alternative
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


FREEZE_BACKBONE.edited(
    "head-frozen", "the head frozen as well: then nothing trains",
    ("requires_grad_(True)", "requires_grad_(False)"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "head-left-as-it-was", "a head that stays frozen if it was frozen before",
    ("    network._fc.requires_grad_(True)\n", ""),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "the-other-way-round", "the head frozen and the backbone trained",
    ("requires_grad_(True)", "requires_grad_(None)"),
    ("requires_grad_(False)", "requires_grad_(True)"),
    ("requires_grad_(None)", "requires_grad_(False)"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "blocks-only", "the blocks frozen alone: the first and the last convolution still train",
    ("    for layer in network.children():\n        if layer is not network._fc:", "    for layer in network.children():\n        if layer is network._blocks:"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "convolutions-only", "batch norm's weights and biases left to train: only convolutions are frozen",
    ("            layer.requires_grad_(False)\n", "            for module in layer.modules():\n                module.requires_grad_(isinstance(module, torch.nn.BatchNorm2d))\n"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "set-on-modules", "requires_grad set on layers, where only parameters know it",
    ("layer.requires_grad_(False)", "layer.requires_grad = False"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "statistics-move", "batch norm's running statistics still move: requires_grad does not hold them",
    ("            layer.eval()\n            layer.train = lambda mode=True, layer=layer: layer\n", ""),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "eval-once", "eval() called once, which the next network.train() undoes",
    ("            layer.train = lambda mode=True, layer=layer: layer\n", ""),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "momentum-zero", "momentum 0, which holds the running averages but still normalizes with each batch's own",
    ("            layer.eval()\n            layer.train = lambda mode=True, layer=layer: layer\n", "            for module in layer.modules():\n                if isinstance(module, torch.nn.BatchNorm2d):\n                    module.momentum = 0.0\n"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "tracking-off", "track_running_stats off, which holds the statistics but still normalizes with each batch's own",
    ("            layer.eval()\n            layer.train = lambda mode=True, layer=layer: layer\n", "            for module in layer.modules():\n                if isinstance(module, torch.nn.BatchNorm2d):\n                    module.track_running_stats = False\n"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "train-not-overridden-inside", "train() of the batch-norm layers outside of the blocks held, of those inside not",
    ("            layer.train = lambda", "            if layer is not network._blocks:\n                layer.train = lambda"),
)  # fmt: skip
FREEZE_BACKBONE.edited(
    "nothing-returned", "nothing returned, where the network is asked for",
    ("    return network\n", ""),
)  # fmt: skip


# Groups of parameters.


def parameter_groups(network, lr, ratio):
    head, backbone = [], []
    for name, p in network.named_parameters():
        if p.requires_grad:
            (head if name.startswith("_fc.") else backbone).append(p)
    groups = [{"params": head, "lr": lr}, {"params": backbone, "lr": lr * ratio}]
    return [group for group in groups if group["params"]]


PARAMETER_GROUPS = Answer(parameter_groups)


@PARAMETER_GROUPS.alternative
def parameter_groups(network, lr, ratio):
    """Written with identities of the head's parameters, the backbone first."""
    of_head = {id(p) for p in network._fc.parameters()}
    trained = [p for p in network.parameters() if p.requires_grad]
    rest = [p for p in trained if id(p) not in of_head]
    head = [p for p in trained if id(p) in of_head]
    groups = []
    if rest:
        groups.append({"params": rest, "lr": ratio * lr})
    if head:
        groups.append({"params": head, "lr": lr})
    return groups


@PARAMETER_GROUPS.alternative
def parameter_groups(network, lr, ratio):
    """Written with a group for each parameter."""
    groups = []
    for name, p in network.named_parameters():
        if not p.requires_grad:
            continue
        rate = lr if name.split(".")[0] == "_fc" else lr * ratio
        groups.append({"params": p, "lr": rate, "weight_decay": 1e-4})
    return groups


@PARAMETER_GROUPS.alternative
def parameter_groups(network, lr, ratio):
    """Written with sets of tensors, and a group for each layer."""
    head = set(network._fc.parameters())
    used, groups = set(), []
    for module in network.modules():
        own = [p for p in module.parameters(recurse=False) if p.requires_grad and p not in used]
        used.update(own)
        if own:
            groups.append({"params": iter(own), "lr": lr if own[0] in head else lr * ratio})
    return groups


@PARAMETER_GROUPS.alternative
def parameter_groups(network, lr, ratio):
    """Written with filter, and dicts of names."""
    named = dict(filter(lambda item: item[1].requires_grad, network.named_parameters()))
    parts = {
        lr: [p for n, p in named.items() if n in ("_fc.weight", "_fc.bias")],
        lr * ratio: [p for n, p in named.items() if n not in ("_fc.weight", "_fc.bias")],
    }
    return [dict(params=params, lr=rate) for rate, params in parts.items() if len(params)]


@PARAMETER_GROUPS.alternative
def parameter_groups(network, lr, ratio):
    """Written with rates that are NumPy's numbers in float32."""
    rates = np.array([1, ratio], dtype=np.float32) * np.float32(lr)
    head = [p for p in network._fc.parameters() if p.requires_grad]
    others = [p for n, p in network.named_parameters() if p.requires_grad and n[:4] != "_fc."]
    return [{"params": p, "lr": r} for p, r in zip([head, others], rates, strict=True) if p]


PARAMETER_GROUPS.edited(
    "rates-swapped", "the low rate for the head and the high one for the backbone",
    ('"params": head', '"params": None'),
    ('"params": backbone', '"params": head'),
    ('"params": None', '"params": backbone'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "ratio-ignored", "the same rate for both: the ratio is not used",
    ("lr * ratio", "lr"),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "divided-by-the-ratio", "the rate divided by the ratio, where it is to be multiplied",
    ("lr * ratio", "lr / ratio"),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "ratio-as-rate", "the ratio itself taken for the backbone's rate",
    ('"lr": lr * ratio', '"lr": ratio'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "both-lowered", "the low rate for the head as well",
    ('"params": head, "lr": lr}', '"params": head, "lr": lr * ratio}'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "biases-forgotten", "biases left out: only weights are in the groups",
    ("if p.requires_grad:", 'if p.requires_grad and name.endswith("weight"):'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "batch-norm-forgotten", "batch norm's weights and biases left out",
    ("if p.requires_grad:", 'if p.requires_grad and "_bn" not in name:'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "frozen-included", "frozen parameters in the groups as well",
    ("if p.requires_grad:", "if True:"),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "empty-group-kept", "a group without parameters left in the list",
    ("[group for group in groups if group[\"params\"]]", "groups"),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "head-in-both", "the head in the backbone's group as well",
    ('            (head if name.startswith("_fc.") else backbone).append(p)\n', '            backbone.append(p)\n            if name.startswith("_fc."):\n                head.append(p)\n'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "module-by-module", "the parameters of each module and of the modules inside it, so most of them come twice",
    ("    for name, p in network.named_parameters():\n        if p.requires_grad:\n            (head if name.startswith(\"_fc.\") else backbone).append(p)\n", "    for name, module in network.named_modules():\n        for p in module.parameters():\n            if p.requires_grad and name:\n                (head if name == \"_fc\" else backbone).append(p)\n"),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "any-fc", "every parameter with _fc in its name taken for the head's",
    ('name.startswith("_fc.")', '"_fc" in name'),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "last-two", "the last two parameters taken for the head, which may have no bias",
    ("    head, backbone = [], []\n", "    head, backbone = [], []\n    last = list(network.parameters())[-2:]\n"),
    ('name.startswith("_fc.")', "any(p is q for q in last)"),
)  # fmt: skip
PARAMETER_GROUPS.edited(
    "backbone-only", "the backbone alone: the head is in no group",
    ('{"params": head, "lr": lr}, ', ""),
)  # fmt: skip
