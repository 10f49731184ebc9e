"""Try what students receive on this machine: python tools/try_bundle.py NAME.zip SOLVED.ipynb

Unpacks the zip into a temporary folder and runs the solved notebook's code cells there, one after the
other, as a student would. A ``check`` that is not satisfied ends it. Needs what the zip's
requirements.txt lists, and nothing else.
"""

import json
import os
import sys
import tempfile
import time
import zipfile
from pathlib import Path


def main(bundle: Path, solved: Path) -> None:
    cells = json.loads(solved.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
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
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
