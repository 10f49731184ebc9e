"""Which part of a network trains: ``replace_head``, ``freeze_backbone``, ``parameter_groups``.

torch is imported when a probe runs, so that checks of NumPy exercises need not wait for it.
"""

from collections.abc import Iterable
from dataclasses import replace
from numbers import Real
from typing import Any

import numpy as np

from autograder import networks
from autograder.exercise import Case, Exercise, Outputs
from autograder.judge import close

HEAD = "_fc."
MOST_NAMES = 3


def make_network(inputs: dict[str, Any], device: str) -> Any:
    """The network of a case, on a device: ``network`` "real", or the options of a small one."""
    import torch

    torch.backends.cudnn.allow_tf32 = False  # else float32 on a GPU is off in the fourth digit
    if inputs["network"] == "real":
        return networks.efficientnet_lite0().to(device)
    return networks.small_network(**inputs["network"]).to(device)


def make_pictures(inputs: dict[str, Any], network: Any, device: str) -> Any:
    """Random pictures ``(count, 3, side, side)`` in the network's dtype."""
    import torch

    rng = np.random.default_rng(inputs["pictures"]["seed"])
    count, side = inputs["pictures"]["count"], inputs["pictures"]["side"]
    values = rng.standard_normal((count, 3, side, side))
    return torch.tensor(values, dtype=next(network.parameters()).dtype, device=device)


def snapshot(network: Any) -> dict[str, Any]:
    """Copies of all parameters and buffers by name."""
    return {name: tensor.detach().clone() for name, tensor in network.state_dict().items()}


def changed(before: dict[str, Any], network: Any, but: tuple[str, ...] = (HEAD,)) -> list[str]:
    """The names of parameters and buffers that are not bit for bit as before, the head's excepted."""
    import torch

    now = network.state_dict()
    return [
        name
        for name in sorted({*before, *now})
        if not name.startswith(but)
        and not (name in before and name in now and torch.equal(before[name], now[name]))
    ]


def modes(network: Any) -> dict[str, bool]:
    """The mode of each module, the head excepted: it works the same in both."""
    return {n: m.training for n, m in network.named_modules() if not f"{n}.".startswith(HEAD)}


def differing(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """The names whose values differ, or that only one of the two has."""
    return sorted(n for n in {*before, *now} if before.get(n) != now.get(n))


def some(names: Iterable[str]) -> str:
    """The first of some names, and how many there are."""
    names = [n or "the network" for n in names]
    if not names:
        return "none"
    more = ", ..." if len(names) > MOST_NAMES else ""
    return f"{len(names)} ({', '.join(names[:MOST_NAMES])}{more})"


def network_objection(returned: Any) -> str | None:
    """What is wrong if this is to be a network with a head."""
    import torch

    if not isinstance(returned, torch.nn.Module):
        return f"return the network, not {'None' if returned is None else 'something else'}"
    if not isinstance(getattr(returned, "_fc", None), torch.nn.Module):
        return "what you return is no network with a head _fc"
    return None


# Replacing the head.


def run_replace_head(replace_head: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What became of the head, or of everything else, as ``look`` says."""
    network = make_network(inputs, device)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(tuple(inputs["frozen"])))
    network.train(inputs["training"])
    before, old = snapshot(network), network._fc.weight.detach().clone()
    of_old_head = list(network._fc.parameters())
    trains = {n: p.requires_grad for n, p in network.named_parameters() if not n.startswith(HEAD)}
    mode = modes(network)
    returned = replace_head(network, inputs["classes"])
    if (objection := network_objection(returned)) is not None:
        return {"unusable": objection}
    if inputs["look"] == "head":
        return _head_facts(returned, old, inputs, device)
    if inputs["look"] == "device":
        places = {p.device for p in returned._fc.parameters()}
        return {"the head is on the network's device": places == {old.device}}
    now = {n: p.requires_grad for n, p in returned.named_parameters() if not n.startswith(HEAD)}
    reused = any(p is q for p in returned._fc.parameters() for q in of_old_head)
    return {
        "there is a new head": not reused,
        "what is returned": "the network itself" if returned is network else "another network",
        "other tensors that changed": some(changed(before, returned)),
        "other parameters whose requires_grad changed": some(differing(trains, now)),
        "modules whose mode changed": some(differing(mode, modes(returned))),
    }


def _head_facts(network: Any, old: Any, inputs: dict[str, Any], device: str) -> Outputs:
    import torch

    head = network._fc
    if not isinstance(head, torch.nn.Linear):
        inside = " and ".join(type(m).__name__ for m in head.children())
        kind = type(head).__name__ + (f" of {inside}" if inside else "")
        return {"unusable": f"the head is a {kind}, not a torch.nn.Linear"}
    head.to(device)  # where it was is asked elsewhere
    outputs, size = head.weight.shape
    bias = "with a bias" if head.bias is not None else "without a bias"
    alike = head.weight.dtype == old.dtype
    return {
        "head": f"{size} -> {outputs}, {bias}",
        "dtype of the head": "the network's" if alike else str(head.weight.dtype),
        "start of the head": _start(head, old),
        "the head trains": all(p.requires_grad for p in head.parameters()),
        "scores": _scores_are(network, head, inputs, device) if alike else "not computed",
    }


def _start(head: Any, old: Any) -> str:
    """How the numbers were drawn; torch's default is uniform within 1/sqrt(inputs) of 0."""
    weight, bias = head.weight.detach(), head.bias
    bound = weight.shape[1] ** -0.5
    rows = min(len(weight), len(old))
    if weight.shape[1] == old.shape[1] and (weight[:rows] == old[:rows]).all():
        return "weights of the old head"
    if weight.double().std() < bound / 4:
        return "weights much smaller than torch's default"
    if weight.abs().max() > bound * (1 + 1e-5):
        return "weights larger than torch's default"
    if bias is not None and (bias == bias[0]).all():
        return "a bias that is the same number for all classes"
    if bias is not None and bias.abs().max() > bound * (1 + 1e-5):
        return "a bias larger than torch's default"
    return "torch's default"


def _scores_are(network: Any, head: Any, inputs: dict[str, Any], device: str) -> str:
    import torch

    if inputs["network"] == "real":
        return "not computed"  # small networks are quicker
    x = make_pictures(inputs, network, device)
    network.eval()
    try:
        with torch.no_grad():
            scores = network(x)
            want = torch.nn.functional.linear(
                network.extract_features(x).mean((2, 3)), head.weight, head.bias
            )
    except RuntimeError as error:
        return f"an error: {str(error)[:80]}"
    same = scores.shape == want.shape and torch.allclose(scores, want, rtol=1e-3, atol=1e-4)
    return "what the head gives" if same else "not what the head gives"


def _random_pictures(rng: np.random.Generator, count: int = 4) -> dict[str, int]:
    return {"seed": int(rng.integers(2**31)), "count": count, "side": 8}


def _small(rng: np.random.Generator, **options: Any) -> dict[str, Any]:
    return {"seed": int(rng.integers(2**31)), **options}


def replace_head_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, look: str, network: Any = None, **more: Any) -> Case:
        if network is None:
            options = {"features": int(rng.integers(16, 25)), "classes": int(rng.integers(9, 14))}
            network = _small(rng, **options, **more.pop("options", {}))
        part = "nothing else changes" if look == "rest" else "the new head"
        inputs = {
            "network": network,
            "pictures": _random_pictures(rng),
            "classes": int(rng.integers(4, 9)),
            "look": look,
            "training": False,
            "frozen": [],
            **more,
        }
        return Case(name, part, inputs)

    return [
        case("a small network", "head"),
        case("another number of classes", "head", classes=int(rng.integers(14, 20))),
        case("the network was frozen", "head", frozen=["_"]),
        case("a network in float64", "head", options={"dtype": "float64"}),
        case("the device", "device"),
        case("EfficientNet-Lite0", "head", "real"),
        case("a network in evaluation mode", "rest"),
        case("a network in training mode", "rest", training=True),
        case("a network that is partly frozen", "rest", frozen=["_conv_stem", "_blocks.0"]),
    ]


REPLACE_HEAD = Exercise(
    "replace_head",
    "replace_head",
    {"the new head": 1, "nothing else changes": 1},
    replace_head_cases,
    run_replace_head,
    close,
    on_device=True,
)


# Freezing the backbone.


def run_freeze_backbone(freeze_backbone: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """What trains, what training code then changes, or what the network says in training mode."""
    import torch

    network = make_network(inputs, device)
    network.train(inputs["training"])
    if inputs["frozen"]:
        network.requires_grad_(False)
    before = snapshot(network)
    returned = freeze_backbone(network)
    if (objection := network_objection(returned)) is not None:
        return {"unusable": objection}
    if returned is not network:
        return {"unusable": "change the network that you get, and return it"}
    if inputs["look"] == "what trains":
        trains = sorted(n for n, p in network.named_parameters() if p.requires_grad)
        return {
            "parameters that train": some(trains),
            "tensors that changed": some(changed(before, network)),
        }
    for mode in inputs["then"]:
        network.train(mode == "train")
    x = make_pictures(inputs, network, device)
    if inputs["look"] == "normalization":
        with torch.no_grad():
            return {"scores": network(x).cpu().numpy()}
    _train_a_little(network, x)
    return {"tensors of the backbone that changed": some(changed(before, network))}


def _train_a_little(network: Any, x: Any) -> None:
    """Two steps, as training code takes them."""
    import torch

    moving = [p for p in network.parameters() if p.requires_grad]
    for part in x.chunk(2):
        scores = network(part)
        if not moving:
            continue
        scores.square().mean().backward()
        torch.optim.SGD(moving, lr=0.1).step()
        network.zero_grad()


def freeze_backbone_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, look: str, network: Any = None, then: tuple = ("train",), **more) -> Case:
        options = {} if look == "statistics" else {"dtype": "float64"}
        inputs = {
            "network": network or _small(rng, dropout=0.0, **options),
            "pictures": _random_pictures(rng, 6),
            "look": look,
            "training": False,
            "frozen": False,
            "then": list(then),
            **more,
        }
        return Case(name, look, inputs)

    return [
        case("a small network", "what trains"),
        case("all of it was frozen before", "what trains", frozen=True),
        case("EfficientNet-Lite0", "what trains", "real"),
        case("training after network.train()", "statistics"),
        case("training in the mode you leave it in", "statistics", then=(), training=True),
        case("eval() and train() in turn", "statistics", then=("train", "eval", "train")),
        case("scores after network.train()", "normalization"),
        case("scores after eval() and train()", "normalization", then=("eval", "train")),
    ]


FREEZE_BACKBONE = Exercise(
    "freeze_backbone",
    "freeze_backbone",
    {"what trains": 1, "statistics": 1, "normalization": 1},
    freeze_backbone_cases,
    run_freeze_backbone,
    close,
    on_device=True,
)


# Groups of parameters.


def run_parameter_groups(parameter_groups: Any, inputs: dict[str, Any], device: str) -> Outputs:
    """At which rates the parameters stand in groups, and which stand there wrongly or not at all."""
    network = make_network(inputs, device)
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not name.startswith(tuple(inputs["frozen"])))
    returned = parameter_groups(network, inputs["lr"], inputs["ratio"])
    groups = _read_groups(returned)
    if isinstance(groups, str):
        return {"unusable": groups}
    names = {id(p): n for n, p in network.named_parameters()}
    trains = {n for n, p in network.named_parameters() if p.requires_grad}
    rates: dict[str, list[float]] = {}
    for params, rate in groups:
        for p in params:
            rates.setdefault(names.get(id(p), "a tensor of no network"), []).append(rate)
    if inputs["look"] == "rates":
        heads = [r for n, found in rates.items() if n.startswith(HEAD) for r in found]
        others = [r for n, found in rates.items() if not n.startswith(HEAD) for r in found]
        return {
            "lowest and highest rate of the head": _extremes(heads),
            "lowest and highest rate of the backbone": _extremes(others),
        }
    seen: Outputs = {"trained parameters in no group": some(sorted(trains - set(rates)))}
    if inputs["look"] == "what requires grad":
        seen["parameters in a group that don't require grad"] = some(sorted(set(rates) - trains))
        seen["groups without parameters"] = sum(not params for params, _ in groups)
    else:
        twice = sorted(n for n, found in rates.items() if len(found) > 1)
        seen["parameters that are listed more than once"] = some(twice)
    return seen


def _read_groups(returned: Any) -> list[tuple[list, float]] | str:
    """Each group's parameters and rate, or what is wrong with the groups."""
    import torch

    if not isinstance(returned, list | tuple) or not all(isinstance(g, dict) for g in returned):
        return "return a list of dicts"
    groups = []
    for group in returned:
        if "params" not in group or not isinstance(group.get("lr"), Real):
            return 'each dict needs the keys "params" and "lr", a number'
        given = group["params"]
        if isinstance(given, torch.Tensor):
            given = [given]
        try:
            params = list(given)
        except TypeError:
            return 'the value of "params" must be a list of parameters'
        if not all(isinstance(p, torch.Tensor) for p in params):
            return 'in the list "params" there must be parameters, without their names'
        groups.append((params, float(group["lr"])))
    return groups


def _extremes(rates: list[float]) -> Any:
    return [min(rates), max(rates)] if rates else "none"


def judge_parameter_groups(case: Case, outputs: Outputs, expected: Outputs) -> list[str]:
    """As ``close``, at float32's tolerance: a rate may be a NumPy number."""
    coarse = {**case.inputs, "lr": np.float32(case.inputs["lr"])}
    return close(replace(case, inputs=coarse), outputs, expected)


def parameter_groups_cases(rng: np.random.Generator) -> list[Case]:
    def case(name: str, look: str, frozen: tuple = (), network: Any = None, **options) -> Case:
        inputs = {
            "network": network or _small(rng, **options),
            "lr": round(float(10 ** rng.uniform(-3, -1)), 5),
            "ratio": round(float(rng.uniform(0.05, 0.4)), 3),
            "frozen": list(frozen),
            "look": look,
        }
        return Case(name, look, inputs)

    one, two = (("_conv_stem", "_bn0"), ("_conv_stem", "_bn0", "_blocks.0"))
    return [
        case("a small network", "rates"),
        case("another rate and ratio", "rates"),
        case("a head without a bias", "rates", head_bias=False),
        case("nothing is frozen", "what requires grad"),
        case("the first layers are frozen", "what requires grad", one),
        case("more layers are frozen", "what requires grad", two),
        case(
            "the whole backbone is frozen",
            "what requires grad",
            ("_conv", "_bn", "_blocks"),
        ),
        case("the head is frozen", "what requires grad", ("_fc",)),
        case("everything is frozen", "what requires grad", ("_",)),
        case("each parameter", "exactly once"),
        case("a block that is used twice", "exactly once", same_blocks=True),
        case("a block used twice, a head without a bias", "exactly once", same_blocks=True, head_bias=False),
        case("EfficientNet-Lite0, each parameter", "exactly once", network="real"),
    ]  # fmt: skip


PARAMETER_GROUPS = Exercise(
    "parameter_groups",
    "parameter_groups",
    {"rates": 1, "what requires grad": 1, "exactly once": 1},
    parameter_groups_cases,
    run_parameter_groups,
    judge_parameter_groups,
    on_device=True,
)
