"""Update rules from scratch: the few lines that tell one optimizer from the next.

A rule maps ``(w, g, state, lr)`` to the new ``w``. ``g`` is the gradient at ``w``; ``state`` is a
dict that starts empty and that the rule keeps between steps; hyperparameters follow as keywords.
The rules use arithmetic alone, so ``w`` may be a NumPy array or a torch tensor of any shape, and
``lr`` a number or an array that broadcasts against ``w``: many runs advance in one call.
The pages show these functions as they stand; ``tests/test_rules.py`` holds each equal to its
counterpart in ``torch.optim``.
"""

from collections.abc import Callable
from typing import Any

Array = Any  # a NumPy array or a torch tensor of any shape; a number counts as one
State = dict[str, Any]
Rule = Callable[..., Array]  # (w, g, state, lr, **hyperparameters) -> w


def sgd(w: Array, g: Array, state: State, lr: Array) -> Array:
    """Gradient descent: w <- w - lr g."""
    return w - lr * g


def momentum(w: Array, g: Array, state: State, lr: Array, rho: float = 0.9) -> Array:
    """SGD with momentum: v <- rho v + g; w <- w - lr v. The velocity v starts at 0."""
    v = state["v"] = rho * state.get("v", 0.0) + g
    return w - lr * v


def nesterov(w: Array, g: Array, state: State, lr: Array, rho: float = 0.9) -> Array:
    """Nesterov momentum at one point: v <- rho v + g; w <- w - lr (g + rho v)."""
    v = state["v"] = rho * state.get("v", 0.0) + g
    return w - lr * (g + rho * v)


def adagrad(w: Array, g: Array, state: State, lr: Array, eps: float = 1e-10) -> Array:
    """AdaGrad: s <- s + g^2; w <- w - lr g / (sqrt(s) + eps)."""
    s = state["s"] = state.get("s", 0.0) + g**2
    return w - lr * g / (s**0.5 + eps)


# fmt: off
def rmsprop(
    w: Array, g: Array, state: State, lr: Array,
    decay: float = 0.99, eps: float = 1e-8,
) -> Array:
    """RMSProp: s <- decay s + (1 - decay) g^2; w <- w - lr g / (sqrt(s) + eps)."""
    s = state["s"] = decay * state.get("s", 0.0) + (1 - decay) * g**2
    return w - lr * g / (s**0.5 + eps)


def almost_adam(
    w: Array, g: Array, state: State, lr: Array,
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> Array:
    """Adam without bias correction: w <- w - lr m / (sqrt(v) + eps)."""
    m = state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
    return w - lr * m / (v**0.5 + eps)


def adam(
    w: Array, g: Array, state: State, lr: Array,
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8,
) -> Array:
    """Adam: both averages divided by 1 - beta^t, which undoes their start at 0."""
    t = state["t"] = state.get("t", 0) + 1
    m = state["m"] = beta1 * state.get("m", 0.0) + (1 - beta1) * g
    v = state["v"] = beta2 * state.get("v", 0.0) + (1 - beta2) * g**2
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    return w - lr * m_hat / (v_hat**0.5 + eps)


def adamw(
    w: Array, g: Array, state: State, lr: Array,
    beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8, weight_decay: float = 1e-2,
) -> Array:
    """AdamW: shrink the weights by the factor 1 - lr weight_decay, then take Adam's step."""
    return adam(w * (1 - lr * weight_decay), g, state, lr, beta1, beta2, eps)
# fmt: on
