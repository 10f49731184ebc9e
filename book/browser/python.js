// Python for a page: one worker, made when something is first run. Jobs wait for one another.

const root = new URL(document.documentElement.dataset.content_root ?? "./", document.baseURI);
const settings = JSON.parse(document.querySelector("script.in-page")?.textContent ?? "{}");

/** The address of a file of the site. */
export const address = (path) => new URL(path, root).href;

let worker = null;
let turn = Promise.resolve(); // settles when the last job in line has ended
let generation = 0; // how often Stop was pressed: what waited before it does not run
let endCurrent = null; // ends the job that runs, with what is to be said of it

/**
 * Run a job: {code, before, assignment, exercise, entry, check}. `on` has functions text(words), html(content),
 * verdict(facts) and status("loading" | "running" | "waiting"). Resolves to {ok}, {ok: false, error, line} or {stopped: true}.
 */
export function run(job, on) {
  const mine = generation;
  on.status?.("waiting");
  const result = turn.then(() => (mine === generation ? start(job, on) : { stopped: true }));
  turn = result.catch(() => {});
  return result;
}

/** End whatever runs or waits. The next run starts Python anew. */
export function stop() {
  generation += 1;
  worker?.terminate();
  worker = null;
  endCurrent?.({ stopped: true });
}

function start(job, on) {
  return new Promise((resolve) => {
    const end = (result) => {
      endCurrent = null;
      resolve(result);
    };
    endCurrent = end;
    const failed = (why) => {
      worker?.terminate();
      worker = null;
      end({ ok: false, error: `Python could not be loaded. ${why}`, line: null });
    };
    try {
      worker ??= new Worker(address("_static/browser/worker.js"));
    } catch {
      failed("A page opened as a file cannot do it: use the site's address, or make serve.");
      return;
    }
    worker.onerror = (event) => failed(event.message ?? "");
    worker.onmessage = ({ data: { kind, value } }) => {
      if (kind === "done") end(value);
      else if (kind === "failed") failed(value);
      else if (kind === "verdict") on.verdict?.(JSON.parse(value));
      else on[kind]?.(value);
    };
    const base = new URL(settings.pyodide || "_static/pyodide/", root).href;
    const snapshotUrl = settings.pyodide ? null : `${base}snapshot.gz`;
    const checks = job.assignment && address(`_static/assignments/${job.assignment}-checks.zip`);
    worker.postMessage({ ...job, base, snapshotUrl, checks });
  });
}
