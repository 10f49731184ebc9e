"""Values written as code that makes them again."""

from typing import Any

import numpy as np


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
