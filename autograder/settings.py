"""What code sets for all that follows it in a process, torch above all: taken back.

What a cell has set, or an answer in its last call, is to make no answer another one.
"""

import contextlib
import functools
import inspect
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

Setting = tuple[Callable[[], Any], Callable[[Any], Any], Any]  # to ask, to set, as it starts


@contextlib.contextmanager
def as_they_start() -> Iterator[None]:
    """Within the block all is as a process starts with it; warnings are not shown."""
    torch = sys.modules.get("torch")
    with as_before(), contextlib.ExitStack() as torchs:
        warnings.simplefilter("ignore")
        np.seterr(all="ignore")
        if torch is not None:
            torchs.enter_context(torch.inference_mode(False))
            settings = _settings(torch)
            _set(settings, [start for *_, start in settings])
            if not _is_on_the_cpu(torch):  # it is in the block of another device
                torchs.enter_context(torch.device("cpu"))
        yield


@contextlib.contextmanager
def as_before() -> Iterator[None]:
    """After the block all is as it was before it."""
    torch = sys.modules.get("torch")
    with warnings.catch_warnings(), np.errstate():
        if torch is None:
            yield
            return
        settings = _settings(torch)
        before = [ask() for ask, _, _ in settings]
        with torch.inference_mode(torch.is_inference_mode_enabled()):
            _set(settings, before)
            try:
                yield
            finally:
                _set(settings, before)


def left_as_found(student: Any) -> Any:
    """The student's function, which leaves all as it finds it at each call.

    A class, and what can't be called, is given back as it is.
    """
    if inspect.isclass(student) or not callable(student):
        return student

    @functools.wraps(student)
    def called(*args: Any, **kwargs: Any) -> Any:
        with as_before():
            return student(*args, **kwargs)

    return called


def _set(settings: list[Setting], values: list[Any]) -> None:
    for (ask, change, _), value in zip(settings, values, strict=True):
        if ask() != value:
            with contextlib.suppress(Exception):  # it can't be undone (blocks of devices, nested)
                change(value)


@functools.cache
def _settings(torch: Any) -> list[Setting]:
    kinds = ("cpu", "cuda")
    autocast: list[Setting] = [
        (partial(torch.is_autocast_enabled, kind), partial(torch.set_autocast_enabled, kind), False)
        for kind in kinds
    ]
    return [
        (torch.get_default_dtype, torch.set_default_dtype, torch.float32),
        (torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
        (torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, False),
        (torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly, False),
        (torch.is_grad_enabled, torch.set_grad_enabled, True),
        (_device, torch.set_default_device, None),
        *autocast,
    ]


def _device() -> Any:
    """Where torch makes tensors, whether it is there or not; None if nobody has said so."""
    return getattr(sys.modules.get("torch.utils._device"), "CURRENT_DEVICE", None)


def _is_on_the_cpu(torch: Any) -> bool:
    """Whether torch makes tensors on the CPU, unless it is told otherwise."""
    try:
        return torch.get_default_device().type == "cpu"
    except Exception:  # the device is not there
        return False
