// node snapshot.mjs ROOT: writes snapshot.gz, Python's memory once it has started and has imported
// what NumPy, shell.py and check need of the standard library. Readers' browsers begin from it, which
// takes them two thirds of the time. Where they cannot, they start Python themselves (worker.js).
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { loadPyodide } from "pyodide";

const root = process.argv[2];
const scripts = join(root, "book", "browser");
const quiet = { messageCallback: () => {} };

/** The modules of the standard library that a first check imports. */
async function imported() {
  const python = await loadPyodide();
  const wheel = readdirSync(scripts).find((name) => name.endsWith(".whl"));
  await python.loadPackage(`file://${join(scripts, wheel)}`, quiet);
  python.mountNodeFS("/course", root);
  return python.runPython(`
import json, sys
sys.path += ["/course", "/course/book/browser"]
sys.dont_write_bytecode = True
import autograder, numpy.random, shell
json.dumps([m for m in sys.modules if m.partition(".")[0] in sys.stdlib_module_names - {"__main__"}])
`);
}

const modules = await imported();
const python = await loadPyodide({ _makeSnapshot: true });
python.runPython(`
import importlib, json
for name in json.loads('${modules}'):
    importlib.import_module(name)
del importlib, json, name
`);
writeFileSync("snapshot.gz", gzipSync(python.makeMemorySnapshot(), { level: 9 }));
process.exit(); // Pyodide would keep Node waiting
