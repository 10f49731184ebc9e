"""Answers to torch_adam: class Adam(torch.optim.Optimizer)."""

import numpy as np
import torch

from autograder.grading.answer import Answer


class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                state = self.state[p]
                if not state:
                    state.update(t=0, m=torch.zeros_like(p), v=torch.zeros_like(p))
                state["t"] += 1
                state["m"].mul_(b1).add_(p.grad, alpha=1 - b1)
                state["v"].mul_(b2).addcmul_(p.grad, p.grad, value=1 - b2)
                m_hat = state["m"] / (1 - b1 ** state["t"])
                v_hat = state["v"] / (1 - b2 ** state["t"])
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))
        return loss


ANSWER = Answer(Adam)


@ANSWER.alternative
class Adam(torch.optim.Optimizer):
    """Written with temporary tensors, and counters that are tensors."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        if lr < 0:
            raise ValueError("lr must not be negative")
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults)

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        with torch.no_grad():
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        self.update(p, group)
        return loss

    def update(self, p, group):
        state, (b1, b2) = self.state[p], group["betas"]
        if "step" not in state:
            state["step"] = torch.tensor(0.0)
            state["exp_avg"] = torch.zeros_like(p)
            state["exp_avg_sq"] = torch.zeros_like(p)
        state["step"] = state["step"] + 1
        state["exp_avg"] = b1 * state["exp_avg"] + (1 - b1) * p.grad
        state["exp_avg_sq"] = b2 * state["exp_avg_sq"] + (1 - b2) * p.grad**2
        t = int(state["step"])
        m, v = state["exp_avg"] / (1 - b1**t), state["exp_avg_sq"] / (1 - b2**t)
        decayed = p * (1 - group["lr"] * group["weight_decay"])
        p.copy_(decayed - group["lr"] * m / (v.sqrt() + group["eps"]))


@ANSWER.alternative
class Adam(torch.optim.Optimizer):
    """Written with .data, and with the corrections folded into scalars."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, b1=betas[0], b2=betas[1], betas=betas, eps=eps, wd=0))
        for group in self.param_groups:
            group.setdefault("weight_decay", weight_decay)

    def step(self, closure=None):
        loss = None
        if closure:
            loss = closure()
        for group in self.param_groups:
            (b1, b2), lr, wd = group["betas"], group["lr"], group["weight_decay"]
            for p in filter(lambda p: p.grad is not None, group["params"]):
                g, state = p.grad.data, self.state[p]
                t = state["t"] = state.get("t", 0) + 1
                m = state["m"] = state.get("m", 0 * g).lerp(g, 1 - b1)
                v = state["v"] = b2 * state.get("v", 0 * g) + (1 - b2) * g.square()
                root = (1 - b2**t) ** 0.5
                p.data -= lr * wd * p.data
                p.data.addcdiv_(m, v.sqrt() + group["eps"] * root, value=-lr * root / (1 - b1**t))
        return loss


@ANSWER.alternative
class Adam(torch.optim.Optimizer):
    """Written with torch._foreach, and with a step that is bound to a helper class."""

    class Averages:
        def __init__(self, betas):
            self.betas = betas

        def __call__(self, state, g):
            b1, b2 = self.betas
            state["t"] = state.get("t", 0) + 1
            for name, beta, value in (("m", b1, g), ("v", b2, g * g)):
                state[name] = state[name] * beta if name in state else torch.zeros_like(g)
                state[name] += (1 - beta) * value
            return (state[n] / (1 - b ** state["t"]) for n, b in (("m", b1), ("v", b2)))

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        defaults = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, defaults=defaults)

    @torch.no_grad()
    def step(self, closure=None):
        loss = None if closure is None else torch.enable_grad()(closure)()
        for group in self.param_groups:
            lr, averages = group["lr"], self.Averages(group["betas"])
            ready = [p for p in group["params"] if p.grad is not None]
            changes = []
            for p in ready:
                m, v = averages(self.state[p], p.grad)
                changes.append(-lr * m / (v.sqrt() + group["eps"]))
            if ready:
                torch._foreach_mul_(ready, 1 - lr * group["weight_decay"])
                torch._foreach_add_(ready, changes)
        return loss


@ANSWER.alternative
class Adam(torch.optim.Optimizer):
    """Written with the step kept in the parameter's name, and helpers outside of the loop."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0, note=None):
        options = ("lr", "betas", "eps", "weight_decay")
        super().__init__(params, dict(zip(options, (lr, betas, eps, weight_decay))))  # noqa: B905
        self.note = note

    def ready(self):
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    yield p, group, self.state[p]

    def step(self, closure=None):
        loss = None
        if closure is not None:
            with torch.set_grad_enabled(True):
                loss = closure()
        for p, group, state in self.ready():
            g = p.grad.detach().clone()
            state.setdefault("moments", torch.zeros((2, *p.shape), dtype=p.dtype, device=p.device))
            state["count"] = state.get("count", 0) + 1
            averages, corrected = state["moments"], []
            for i, beta in enumerate(group["betas"]):
                averages[i] = beta * averages[i] + (1 - beta) * g ** (i + 1)
                corrected.append(averages[i] / (1 - beta ** state["count"]))
            change = corrected[0] / (torch.sqrt(corrected[1]) + group["eps"])
            with torch.no_grad():
                p -= group["lr"] * (change + group["weight_decay"] * p)
        return loss


@ANSWER.alternative
class Adam(torch.optim.Optimizer):
    """Written with NumPy on the CPU, and the result copied back."""

    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))

    def step(self, closure=None):
        loss = closure() if closure is not None else None
        for group in self.param_groups:
            lr, eps, (b1, b2) = group["lr"], group["eps"], group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                w, g = p.detach().cpu().double().numpy(), p.grad.cpu().double().numpy()
                g = torch.from_numpy(np.array(g))
                state = self.state[p]
                t = state["t"] = state.get("t", 0) + 1
                # torch puts a state that it loads where the parameters are
                m, v = (torch.as_tensor(state.get(name, 0.0)).cpu() for name in "mv")
                state["m"], state["v"] = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * g**2
                m, v = state["m"] / (1 - b1**t), state["v"] / (1 - b2**t)
                w = w * (1 - lr * group["weight_decay"])
                new = w - lr * m.numpy() / (v.sqrt() + eps).numpy()
                with torch.no_grad():
                    p.copy_(torch.from_numpy(np.asarray(new)))
        return loss


# Lines of the oracle: those of one step, in their order.
SKIP = "                if p.grad is None:\n                    continue\n"
COUNT = '                state["t"] += 1\n'
DECAY = '                p.mul_(1 - group["lr"] * group["weight_decay"])\n'
STEP = '                p.sub_(group["lr"] * m_hat / (v_hat.sqrt() + group["eps"]))\n'
RETURN = "        return loss\n"
# The averages of something other than p.grad, and a counter that the optimizer has.
OF_GRAD = (
    ("add_(p.grad, alpha", "add_(grad, alpha"),
    ("addcmul_(p.grad, p.grad,", "addcmul_(grad, grad,"),
)
COUNTER = (
    ("weight_decay=weight_decay))", "weight_decay=weight_decay))\n        self.t = 0"),
    ("update(t=0, m", "update(m"),
    ('** state["t"]', "** self.t"),
)

ANSWER.edited(
    "no-bias-correction", "Adam without bias correction",
    (' / (1 - b1 ** state["t"])', ""),
    (' / (1 - b2 ** state["t"])', ""),
)
ANSWER.edited(
    "not-in-place",
    "parameters that never change: what was computed is bound to p or dropped, where the parameter itself is to change (p.sub_, p.copy_)",
    ("p.mul_(", "p = p * ("),
    ("p.sub_(", "p = p - ("),
)
ANSWER.edited("betas-swapped", "the two betas in each other's place", ("b1, b2 =", "b2, b1 ="))
ANSWER.edited(
    "l2", "L2 regularization, where decoupled decay is meant: the decay is added to the gradient",
    (DECAY, ""),
    (COUNT, COUNT + '                grad = p.grad + group["weight_decay"] * p\n'),
    *OF_GRAD,
)
ANSWER.edited(
    "decay-without-rate", "a weight decay that is not multiplied by the learning rate",
    ('1 - group["lr"] * group["weight_decay"]', '1 - group["weight_decay"]'),
)
ANSWER.edited(
    "decay-after-step", "a weight decay that comes after the step, so the step decays as well",
    (DECAY + STEP, STEP + DECAY),
)
ANSWER.edited("no-decay", "weight_decay that is never used", (DECAY, ""))
ANSWER.edited(
    "decay-without-gradient", "a weight decay of parameters that have no gradient as well",
    (DECAY, ""),
    (SKIP, DECAY + SKIP),
)
ANSWER.edited(
    "decay-grows", "a weight decay with the wrong sign: the weights grow",
    ('1 - group["lr"] * group["weight_decay"]', '1 + group["lr"] * group["weight_decay"]'),
)
ANSWER.edited(
    "t-for-all", "one step counter for all parameters, where each needs its own",
    *COUNTER,
    (COUNT, ""),
    ("        for group in self", "        self.t += 1\n        for group in self"),
)
ANSWER.edited(
    "t-for-each-parameter", "a step counter of the optimizer that is incremented at each parameter",
    *COUNTER,
    ('state["t"] += 1', "self.t += 1"),
)
ANSWER.edited(
    "missing-is-zero", "a missing gradient that is taken for zero",
    (SKIP, "                grad = torch.zeros_like(p) if p.grad is None else p.grad\n"),
    *OF_GRAD,
)
ANSWER.edited("missing-raises", "code that does not expect a gradient that is None", (SKIP, ""))
ANSWER.edited(
    "groups-ignored", "the options given to the constructor, whatever a group has of its own",
    ('group["betas"]', 'self.defaults["betas"]'),
    ('group["lr"]', 'self.defaults["lr"]'),
    ('group["weight_decay"]', 'self.defaults["weight_decay"]'),
    ('group["eps"]', 'self.defaults["eps"]'),
)
ANSWER.edited(
    "first-group-only", "the first group's options, and its parameters alone",
    ("in self.param_groups:", "in self.param_groups[:1]:"),
)
ANSWER.edited(
    "state-outside",
    "moments that are kept outside of self.state, so state_dict() does not save them",
    ("weight_decay=weight_decay))", "weight_decay=weight_decay))\n        self.moments = {}"),
    ("self.state[p]", "self.moments.setdefault(p, {})"),
)
ANSWER.edited(
    "epsilon-inside", "epsilon inside the square root (add it to the root, not under it)",
    ('(v_hat.sqrt() + group["eps"])', '(v_hat + group["eps"]).sqrt()'),
)
ANSWER.edited(
    "epsilon-fixed", "the epsilon 1e-8 written into the code, whatever is passed",
    ('+ group["eps"]', "+ 1e-8"),
)
ANSWER.edited(
    "t-incremented-after-use", "a step counter that is incremented after it was used",
    (COUNT, ""),
    (STEP, STEP + COUNT),
    ('(1 - b1 ** state["t"])', 'torch.tensor(1.0 - b1 ** state["t"])'),
    ('(1 - b2 ** state["t"])', 'torch.tensor(1.0 - b2 ** state["t"])'),
)
ANSWER.edited("uphill", "a step along the gradient: the sign is wrong", ("p.sub_(", "p.add_("))
ANSWER.edited(
    "no-root", "a division by v itself, without its square root",
    ("v_hat.sqrt()", "v_hat"),
)
ANSWER.edited(
    "closure-without-gradients", "a closure that is called where gradients are off (torch.no_grad)",
    ("with torch.enable_grad()", "with torch.no_grad()"),
    observed=True,
)
ANSWER.edited(
    "loss-not-returned", "a step that does not return the closure's loss",
    (RETURN, ""),
    observed=True,
)
ANSWER.edited(
    "closure-ignored", "a step that never calls its closure",
    ("loss = closure()", "pass"),
)


@ANSWER.mistake("readymade", "an optimizer of torch.optim that does the work")
class Adam(torch.optim.Optimizer):
    def __init__(self, params, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, eps=eps, weight_decay=weight_decay))
        self.inner = torch.optim.AdamW(
            self.param_groups, lr=lr, betas=betas, eps=eps, weight_decay=weight_decay
        )

    def step(self, closure=None):
        return self.inner.step(closure)
FOLDED = (
    ('state["m"] / (1 - b1 ** state["t"])',
     'state["m"] * (1 - b2 ** state["t"]) ** 0.5 / (1 - b1 ** state["t"])'),
    (' / (1 - b2 ** state["t"])', ""),
)
ANSWER.edited(
    "epsilon-uncorrected",
    "the correction folded into the learning rate, which leaves epsilon out of it",
    *FOLDED,
)
ANSWER.edited(
    "epsilon-uncorrected-and-decay-after-step",
    "the correction folded into the learning rate, which leaves epsilon out of it, and a decay after the step: two mistakes at once",
    *FOLDED, (DECAY + STEP, STEP + DECAY),
)
