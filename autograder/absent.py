"""What stands in a sandbox in the place of torch's own that students are to write themselves.

See ``autograder.own_work``. A stand-in is a *telltale*: a network that uses it still runs and
trains, but no answer is right with it, and who calls it is noted.
"""

import ctypes
import re
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import torch

from autograder.own_work import READY_MADE, NotAllowed, seen

OFF = 1e-3  # by how much a telltale is off
KEYS = (
    "CompositeImplicitAutograd",
    "CompositeExplicitAutograd",
    "CPU",
    "CUDA",
    "CompositeImplicitAutogradNestedTensor",
    "NestedTensorCPU",
    "NestedTensorCUDA",
    "FuncTorchBatchedDecomposition",
    "FuncTorchVmapMode",
    "FuncTorchDynamicLayerFrontMode",
)
COMPILED = ("ScriptFunction", "ScriptMethod")  # torch.jit's, which has ready-made parts of its own


def telltale(says: str, tensors: Any) -> Any:
    """What stands in for torch's own: changes tensors, or gives back one, a little off."""
    seen.append(says)
    if isinstance(tensors, torch.Tensor):
        return tensors * (1 + OFF)
    with torch.no_grad():
        for tensor in tensors:
            tensor += OFF
    return None


def remove_kernels(names: Iterable[str]) -> None:
    """Put telltales in the place of torch's kernels, in this process and those forked from it."""
    library = torch._C._dispatch_library("IMPL", "aten", "", __file__, 0)
    for operator in torch._C._dispatch_get_all_op_names():
        for ready_made in (READY_MADE[name] for name in names):
            if not re.match(ready_made.kernels, operator):
                continue
            for key in KEYS:
                if torch._C._dispatch_has_kernel_for_dispatch_key(operator, key):
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")  # torch warns of kernels that are replaced
                        library.impl(operator, key, _kernel(operator, ready_made.says))

    _hide(library)
    for name in COMPILED:
        getattr(torch._C, name).__call__ = _refused("torch.jit")


def _hide(library: Any) -> None:
    """Let nobody undo what a library has put in place: its end would, and so would ``reset``.

    The object is never freed, no name leads to it, and it looks like any other in memory.
    """
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))
    type(library).reset = lambda library: None
    its_type = ctypes.c_void_p.from_address(id(library) + ctypes.sizeof(ctypes.c_ssize_t))
    its_type.value = id(object)


def _kernel(operator: str, says: str) -> Callable[..., Any]:
    """A stand-in for an operator: one tensor in, one out; else it is refused."""
    schema = operator.removeprefix("aten::")
    if re.fullmatch(r"(alpha_|feature_|feature_alpha_)?dropout", schema):
        return lambda tensor, *rest, **options: telltale(says, tensor)

    return _refused(says)


def _refused(says: str) -> Callable[..., Any]:
    def refused(*given: Any, **options: Any) -> Any:
        seen.append(says)
        raise NotAllowed(f"{says} is absent here")

    return refused
