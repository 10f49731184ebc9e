// Runs Python apart from the page, so that the page stays alive and an endless loop can be stopped.
import shell from "./shell.py";

let python; // a promise of Pyodide with NumPy, once somebody has pressed Run
const folders = new Map(); // an assignment's name -> a promise of the folder of its checks

/** Python's memory once it has started (see snapshot.mjs), nothing if this browser cannot unpack it. */
async function snapshot(url) {
  if (!url || !self.DecompressionStream) return undefined;
  const reply = await fetch(url);
  if (!reply.ok) return undefined;
  const unpacked = reply.body.pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(unpacked).arrayBuffer());
}

async function load(base, snapshotUrl) {
  self.importScripts(base + "pyodide.js");
  const started = snapshot(snapshotUrl);
  const pyodide = await self.loadPyodide({
    indexURL: base,
    packages: ["numpy"],
    _loadSnapshot: await started,
  });
  pyodide.FS.mkdirTree("/shell");
  pyodide.FS.writeFile("/shell/shell.py", shell);
  pyodide.runPython(`
import random, sys
random.seed()  # not the snapshot's state
sys.path.append("/shell")
import numpy, shell
`);
  return pyodide;
}

async function bytes(url) {
  const reply = await fetch(url);
  if (!reply.ok) throw new Error(`${url}: ${reply.status}`);
  return new Uint8Array(await reply.arrayBuffer());
}

async function unpack(name, content) {
  const pyodide = await python;
  pyodide.FS.writeFile(`/${name}.zip`, await content);
  return pyodide.globals.get("sys").modules.get("shell").unpack(name, `/${name}.zip`);
}

async function run({ base, snapshotUrl, assignment, checks, ...job }) {
  if (!python) {
    self.postMessage({ kind: "status", value: "loading" });
    python = load(base, snapshotUrl);
  }
  if (assignment && !folders.has(assignment)) folders.set(assignment, unpack(assignment, bytes(checks)));
  const pyodide = await python;
  if (assignment) job.folder = await folders.get(assignment);
  self.postMessage({ kind: "status", value: "running" });
  const emit = (kind, value) => self.postMessage({ kind, value });
  const module = pyodide.globals.get("sys").modules.get("shell");
  return JSON.parse(module.run(JSON.stringify(job), emit));
}

self.onmessage = async ({ data }) => {
  try {
    self.postMessage({ kind: "done", value: await run(data) });
  } catch (error) {
    self.postMessage({ kind: "failed", value: String(error?.message ?? error) });
  }
};
