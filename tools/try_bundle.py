"""Try what students receive on this machine: python tools/try_bundle.py NAME.zip SOLVED.ipynb [--checks]

Unpacks the zip into a temporary folder and runs the solved notebook's code cells there, one after the
other, as a student would; with ``--checks`` up to the last exercise, and nothing that only shows what the
answers do. A ``check`` that is not satisfied ends it. Needs what the zip's requirements.txt lists, and
nothing else.
"""

import json
import os
import platform
import sys
import tempfile
import time
import zipfile
from pathlib import Path


def main(bundle: Path, solved: Path, checks: bool = False) -> None:
    cells = json.loads(solved.read_text(encoding="utf-8"))["cells"]
    cells = [c for c in cells if c["cell_type"] == "code"]
    if checks:
        cells = [c for c in cells if "demonstration" not in c["metadata"].get("tags", [])]
        last = max(i for i, c in enumerate(cells) if "".join(c["source"]).startswith("check("))
        cells = cells[: last + 1]
    sources = ["".join(c["source"]) for c in cells]
    print(f"Python {platform.python_version()}", flush=True)
    os.environ.setdefault("MPLBACKEND", "agg")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with zipfile.ZipFile(bundle) as zipped:
            zipped.extractall(folder)
        here = os.getcwd()
        os.chdir(Path(folder, bundle.stem))
        sys.path.insert(0, "")
        namespace: dict = {"__name__": "__main__"}
        for number, source in enumerate(sources, start=1):
            began = time.perf_counter()
            exec(compile(source, f"<cell {number}>", "exec"), namespace)
            if source.startswith("check("):
                print(f"{source.strip()}: {time.perf_counter() - began:.2f} s", flush=True)
        os.chdir(here)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve(), "--checks" in sys.argv)
