"""Answers to exponential_moving_average: class ExponentialMovingAverage."""

import torch

from autograder.grading.answer import Answer


class ExponentialMovingAverage:
    def __init__(self, model, decay):
        self.decay = decay
        self.average = {name: t.detach().clone() for name, t in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model):
        for name, t in model.state_dict().items():
            if t.is_floating_point():
                self.average[name].mul_(self.decay).add_(t, alpha=1 - self.decay)
            else:
                self.average[name].copy_(t)

    @torch.no_grad()
    def copy_to(self, model):
        for name, t in model.state_dict().items():
            t.copy_(self.average[name])


ANSWER = Answer(ExponentialMovingAverage)


@ANSWER.alternative
class ExponentialMovingAverage:
    """Written with new tensors at each update, and load_state_dict."""

    def __init__(self, model, decay):
        self.decay = decay
        self.average = {}
        for name, value in model.state_dict().items():
            self.average[name] = value.clone()

    def update(self, model):
        new = {}
        for name, value in model.state_dict().items():
            old = self.average[name]
            if torch.is_floating_point(value):
                new[name] = self.decay * old + (1 - self.decay) * value
            else:
                new[name] = value.clone()
        self.average = new

    def copy_to(self, model):
        model.load_state_dict(self.average)


@ANSWER.alternative
class ExponentialMovingAverage:
    """Written with a second network, whose state is the average."""

    def __init__(self, model, decay):
        import copy

        self.shadow = copy.deepcopy(model).requires_grad_(False)
        self.decay = decay

    @property
    def average(self):
        return dict(self.shadow.state_dict())

    def update(self, model):
        with torch.no_grad():
            pairs = [(self.shadow.parameters(), model.parameters())]
            pairs.append((self.shadow.buffers(), model.buffers()))
            for ours, theirs in pairs:
                for a, w in zip(ours, theirs):  # noqa: B905
                    a.copy_(torch.lerp(w, a, self.decay) if a.dtype.is_floating_point else w)

    def copy_to(self, model):
        state = {k: v.clone() for k, v in self.shadow.state_dict().items()}
        model.load_state_dict(state)


@ANSWER.alternative
class ExponentialMovingAverage:
    """Written with torch's own averaged model, made to start at once and to copy whole numbers."""

    def __init__(self, model, decay):
        from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

        self.ema = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)
        self.ema.n_averaged += 1

    @property
    def average(self):
        return self.ema.module.state_dict()

    def update(self, model):
        self.ema.update_parameters(model)
        for ours, theirs in zip(self.ema.module.buffers(), model.buffers()):  # noqa: B905
            if not theirs.is_floating_point():
                ours.copy_(theirs)

    def copy_to(self, model):
        model.load_state_dict(self.average)


@ANSWER.alternative
class ExponentialMovingAverage:
    """Written with parameters and buffers by name, those that are saved, and .data."""

    def __init__(self, model, decay):
        self.keep = decay
        self.average = {n: t.data.clone() for n, t in self.entries(model)}

    def entries(self, model):
        saved = model.state_dict().keys()
        named = list(model.named_parameters(remove_duplicate=False))
        named += list(model.named_buffers(remove_duplicate=False))
        return [(n, t) for n, t in named if n in saved]

    def update(self, model):
        for n, t in self.entries(model):
            if isinstance(t, torch.nn.Parameter):
                self.average[n] -= (1 - self.keep) * (self.average[n] - t.data)
            elif t.dtype in (torch.float32, torch.float64):
                self.average[n] = self.keep * self.average[n] + (1 - self.keep) * t.data
            else:
                self.average[n] = t.data.clone()

    def copy_to(self, model):
        for n, t in self.entries(model):
            t.data[...] = self.average[n]


@ANSWER.alternative
class ExponentialMovingAverage:
    """Written with NumPy on the CPU in float64, and tensors made when they are asked for."""

    def __init__(self, model, decay):
        self.decay = float(decay)
        self.like = {k: (v.dtype, v.device) for k, v in model.state_dict().items()}
        self.held = {k: self.array(v) for k, v in model.state_dict().items()}

    def array(self, tensor):
        a = tensor.detach().cpu().numpy()
        return a.astype("float64") if a.dtype.kind == "f" else a.copy()

    @property
    def average(self):
        return {
            k: torch.tensor(a, dtype=self.like[k][0], device=self.like[k][1])
            for k, a in self.held.items()
        }

    def update(self, model):
        for k, v in model.state_dict().items():
            a = self.array(v)
            if a.dtype.kind == "f":
                a = self.held[k] + (1 - self.decay) * (a - self.held[k])
            self.held[k] = a

    def copy_to(self, model):
        model.load_state_dict(self.average)


ANSWER.edited(
    "exchanged", "decay and 1 - decay exchanged",
    ("mul_(self.decay).add_(t, alpha=1 - self.decay)", "mul_(1 - self.decay).add_(t, alpha=self.decay)"),
)
ANSWER.edited(
    "no-copy", "no copy at the start: state_dict() gives references to the network's own tensors",
    ("t.detach().clone()", "t"),
    ("self.average[name].mul_(self.decay).add_(t, alpha=1 - self.decay)",
     "self.average[name] = self.decay * self.average[name] + (1 - self.decay) * t"),
)
ANSWER.edited(
    "buffers-missing", "parameters alone: the buffers are left out",
    ("model.state_dict().items()", "model.named_parameters()"),
)
ANSWER.edited(
    "named-tensors",
    "a name missing from the average where a tensor has two: named_parameters() has it once, "
    "state_dict() twice",
    ("model.state_dict().items()", "[*model.named_parameters(), *model.named_buffers()]"),
    observed=True,
)
ANSWER.edited(
    "deepcopy-in-place",
    "a deepcopy of state_dict(), changed in place: the two names of a shared layer share memory there "
    "too, so each update counts twice",
    ("        self.decay = decay\n", "        import copy\n\n        self.decay = decay\n"),
    ("{name: t.detach().clone() for name, t in model.state_dict().items()}",
     "copy.deepcopy(model.state_dict())"),
)
ANSWER.edited(
    "own-model", "update takes the network that was given at the start, not its argument",
    ("        self.decay = decay\n", "        self.decay, self.model = decay, model\n"),
    ("        for name, t in model.state_dict().items():\n            if",
     "        for name, t in self.model.state_dict().items():\n            if"),
)
ANSWER.edited(
    "evaluates", "the network put into evaluation mode when the average is made",
    ("        self.decay = decay\n", "        self.decay = decay\n        model.eval()\n"),
    observed=True,
)
ANSWER.edited(
    "copy-evaluates", "copy_to puts the network into evaluation mode",
    ("            t.copy_(self.average[name])", "            t.copy_(self.average[name])\n        model.eval()"),
)
ANSWER.edited(
    "zeros", "an average that starts at 0 instead of the first weights",
    ("t.detach().clone()", "torch.zeros_like(t)"),
)
ANSWER.edited(
    "unbiased", "an average that starts at 0 and is divided by 1 - decay^t, as Adam's are",
    ("        self.decay = decay\n", "        self.decay, self.t = decay, 0\n"),
    ("        for name, t in model.state_dict().items():\n            if",
     "        before = 1 - self.decay**self.t\n        self.t += 1\n        now = 1 - self.decay**self.t\n"
     "        for name, t in model.state_dict().items():\n            if"),
    ("mul_(self.decay).add_(t, alpha=1 - self.decay)",
     "mul_(self.decay * before / now).add_(t, alpha=(1 - self.decay) / now)"),
)
ANSWER.edited(
    "first-update-copies", "the first update copies the weights instead of averaging them",
    ("        self.decay = decay\n", "        self.decay, self.started = decay, False\n"),
    ("if t.is_floating_point():", "if t.is_floating_point() and self.started:"),
    ("                self.average[name].copy_(t)\n",
     "                self.average[name].copy_(t)\n        self.started = True\n"),
)
ANSWER.edited(
    "plain-mean", "the plain mean of all weights so far, whatever the decay",
    ("        self.decay = decay\n", "        self.decay, self.n = decay, 1\n"),
    ("        for name, t in model.state_dict().items():\n            if",
     "        self.n += 1\n        for name, t in model.state_dict().items():\n            if"),
    ("mul_(self.decay).add_(t, alpha=1 - self.decay)", "lerp_(t, 1 / self.n)"),
)
ANSWER.edited(
    "decay-fixed", "the decay 0.999 written into the code, whatever is passed",
    ("self.decay = decay", "self.decay = 0.999"),
)
ANSWER.edited(
    "added-whole", "the new weights added whole, without the factor 1 - decay",
    (".add_(t, alpha=1 - self.decay)", ".add_(t)"),
)
ANSWER.edited(
    "frozen-missing", "parameters that need no gradient left out",
    ("for name, t in model.state_dict().items()}",
     "for name, t in model.state_dict(keep_vars=True).items()\n"
     "            if t.requires_grad or name in dict(model.named_buffers())}"),
    ("            if t.is_floating", "            if name not in self.average:\n                continue\n            if t.is_floating"),
    ("            t.copy_(self.average[name])", "            if name in self.average:\n                t.copy_(self.average[name])"),
    observed=True,
)
ANSWER.edited(
    "buffers-copied", "floating-point buffers copied instead of averaged",
    ("if t.is_floating_point():", "if name in dict(model.named_parameters()):"),
)
ANSWER.edited(
    "buffers-frozen", "buffers that stay as they were at the start",
    ("            if t.is_floating_point():", "            if name in dict(model.named_parameters()):"),
    ("                self.average[name].copy_(t)", "                pass"),
)
ANSWER.edited(
    "counters-averaged", "counters and masks averaged as well, so that they become fractions",
    ("            if t.is_floating_point():\n                self.average[name].mul_(self.decay).add_(t, alpha=1 - self.decay)\n"
     "            else:\n                self.average[name].copy_(t)",
     "            self.average[name] = self.decay * self.average[name] + (1 - self.decay) * t"),
)
ANSWER.edited(
    "counters-rounded", "counters and masks averaged and cut off to whole numbers",
    ("                self.average[name].copy_(t)",
     "                self.average[name].copy_(self.decay * self.average[name] + (1 - self.decay) * t)"),
)
ANSWER.edited(
    "graph", "averages that carry a graph of gradients: use torch.no_grad or detach()",
    ("t.detach().clone() for name, t in model.state_dict().items()",
     "t.clone() for name, t in model.state_dict(keep_vars=True).items()"),
    ("    @torch.no_grad()\n    def update", "    def update"),
    ("        for name, t in model.state_dict().items():\n            if",
     "        for name, t in model.state_dict(keep_vars=True).items():\n            if"),
    ("self.average[name].mul_(self.decay).add_(t, alpha=1 - self.decay)",
     "self.average[name] = self.decay * self.average[name] + (1 - self.decay) * t"),
    observed=True,
)
ANSWER.edited(
    "double", "averages in float64 of a network in float32",
    ("t.detach().clone()", "(t.clone().double() if t.is_floating_point() else t.clone())"),
    observed=True,
)
ANSWER.edited(
    "written-back", "the average written into the network at each update, so that training goes on from it",
    ("                self.average[name].copy_(t)\n",
     "                self.average[name].copy_(t)\n            t.copy_(self.average[name])\n"),
)
ANSWER.edited(
    "copy-shares", "copy_to makes the network share memory with the averages",
    ("        for name, t in model.state_dict().items():\n            t.copy_(self.average[name])\n",
     "        for name, t in model.state_dict(keep_vars=True).items():\n            t.data = self.average[name]\n"),
)
ANSWER.edited(
    "copy-replaces", "copy_to puts new parameters into the network, which its optimizer does not know",
    ("        for name, t in model.state_dict().items():\n            t.copy_(self.average[name])\n",
     "        model.load_state_dict({k: v.clone() for k, v in self.average.items()}, assign=True)\n"),
)
ANSWER.edited(
    "copy-parameters-alone", "copy_to leaves the buffers as they are",
    ("        for name, t in model.state_dict().items():\n            t.copy_",
     "        for name, t in model.named_parameters():\n            t.copy_"),
    observed=True,
)
ANSWER.edited(
    "copy-the-other-way", "copy_to copies the network into the averages",
    ("            t.copy_(self.average[name])", "            self.average[name].copy_(t)"),
)
ANSWER.edited(
    "counters-left", "counters and masks that stay as they were at the start: copy the latest",
    ("                self.average[name].copy_(t)", "                pass"),
)
