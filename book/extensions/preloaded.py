"""What the pages' kernels share: imported once, by the process that they are forked from."""

import os

os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as a kernel sets it

import torch  # noqa: F401
