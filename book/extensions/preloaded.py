"""What the pages' kernels share: imported, or made, once, by the process that they are forked from."""

import gc
import os
from importlib import import_module

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as a kernel sets it

for name in (
    "ipykernel.kernelapp",
    "matplotlib.pyplot",
    "myst_nb",
    "scipy.stats",
    "sklearn.datasets",
    "torch._dynamo",  # the first optimizer imports it
):
    import_module(name)

from lab import data  # noqa: E402 (torch comes first: it is what takes time)

data.mnist1d()  # two pages in three train on it

gc.collect()
gc.freeze()  # or a page's first collection would go through all this, and copy it
