"""PyTorch without its compiler, until somebody asks for it.

Every optimizer of ``torch.optim`` imports ``torch._dynamo`` at its first step, only to tell it not to
look. That takes longer than the import of all the rest of torch, and nothing that is graded compiles
anything. This file also lies beside ``zygote.py`` in the sandbox.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

NAME = "torch._dynamo"


class _NotYet(ModuleType):
    """Answers what optimizers say to the compiler; whatever else is asked for loads the real one."""

    @staticmethod
    def disable(fn: Any, recursive: bool = True, *, wrapping: bool = True) -> Any:
        return fn

    @staticmethod
    def graph_break(msg: str = "") -> None:
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__path__":  # whoever looks at all modules asks these
            raise AttributeError(name)
        if sys.modules.get(NAME) is self:
            del sys.modules[NAME]
            vars(sys.modules["torch"])["_dynamo"] = import_module(NAME)
        return getattr(sys.modules[NAME], name)


def put_off() -> None:
    """Import torch, and let its compiler wait until it is needed."""
    import torch

    if NAME not in sys.modules:
        sys.modules[NAME] = vars(torch)["_dynamo"] = _NotYet(NAME)
