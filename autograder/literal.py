"""Values written as code that makes them again."""

from typing import Any

import numpy as np

LONGEST = 900  # characters of code that are shown
SHORT = 80  # characters of a call beside which others are too long


def literal(value: Any) -> str | None:
    """A value as code that makes it again, None for what has no such code."""
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, np.ndarray | np.generic):
        return _array(np.asarray(value), "np.array")
    if type(value).__module__ == "torch" and hasattr(value, "detach"):
        return _array(value.detach().cpu().numpy(), "torch.tensor")
    if isinstance(value, dict):
        items = [(literal(k), literal(v)) for k, v in value.items()]
        if any(None in pair for pair in items):
            return None
        return "{" + ", ".join(f"{k}: {v}" for k, v in items) + "}"
    if isinstance(value, list | tuple):
        texts = [literal(item) for item in value]
        if any(text is None for text in texts):
            return None
        inner = ", ".join(str(text) for text in texts)
        if isinstance(value, list):
            return f"[{inner}]"
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return None


def _number(value: float) -> str:
    text = repr(float(value))
    return f"np.{text.lstrip('-')}" if value != value else text.replace("inf", "np.inf")


def _array(array: np.ndarray, make: str) -> str | None:
    if array.dtype.kind not in "fiub":
        return None
    module = make.split(".")[0]
    usual = ("float32" if module == "torch" else "float64", "int64", "bool")
    dtype = "" if array.dtype.name in usual else f", dtype={module}.{array.dtype.name}"
    if array.size == 0:
        return f"{module}.zeros({array.shape}{dtype})"
    text = np.array2string(
        array, separator=", ", threshold=1_000_000, max_line_width=1_000_000, floatmode="unique"
    )
    text = text.replace("nan", "np.nan").replace("inf", "np.inf").replace("\n", "")
    return f"{make}({' '.join(text.split())}{dtype})"


def written(value: Any) -> str | None:
    """A value as code, None where it has none or would be longer than what is shown."""
    return literal(value) if _count(value) <= LONGEST / 2 else None


def short(value: Any) -> str:
    """A value as code, empty where that is none or not short."""
    text = written(value) or ""
    return text if len(text) <= SHORT else ""


def size(value: Any) -> float:
    """How many numbers there are in a value; an empty one, in which there is nothing to see, is last."""

    def has_empty(value: Any) -> bool:
        if isinstance(value, dict | list | tuple):
            return any(map(has_empty, value.values() if isinstance(value, dict) else value))
        return isinstance(value, np.ndarray) and value.size == 0

    return float("inf") if has_empty(value) else _count(value)


def _count(value: Any) -> int:
    if isinstance(value, dict | list | tuple):
        return sum(map(_count, value.values() if isinstance(value, dict) else value))
    if hasattr(value, "numel"):
        return int(value.numel())
    return value.size if isinstance(value, np.ndarray) else 1
