"""What every page begins with."""

import subprocess
import sys

COUNT = """
import numpy, scipy.linalg, torch
from threadpoolctl import threadpool_info
from lab.page import begin_page
begin_page()
print(torch.get_num_threads(), *{pool["num_threads"] for pool in threadpool_info()})
"""


def test_a_page_computes_on_one_thread():
    """Two pages run at once on two cores; more threads than cores wait for each other."""
    said = subprocess.run([sys.executable, "-c", COUNT], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["1", "1"]
