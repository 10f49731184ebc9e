// The page "Your work": what was tried and how it went, and notebooks out and in.
import { address } from "./python.js";
import * as store from "./store.js";
import { inWords } from "./words.js";

const cellId = (cell) => cell.metadata?.nbgrader?.grade_id;
const isAnswer = (cell) => cell.metadata?.nbgrader?.solution === true;
const text = (source) => (Array.isArray(source) ? source.join("") : (source ?? ""));

async function released(name) {
  const reply = await fetch(address(`_static/assignments/${name}.ipynb`));
  if (!reply.ok) throw new Error(`the notebook could not be loaded (${reply.status})`);
  return reply.json();
}

/** An assignment's notebook with what was written on the site's pages in its answer cells. */
async function filled(name) {
  const notebook = store.notebook(name) ?? (await released(name));
  for (const cell of notebook.cells) {
    const code = isAnswer(cell) ? store.answer(name, cellId(cell)) : null;
    if (code != null) cell.source = code;
  }
  return notebook;
}

/** Take up the answers of a notebook; returns how many there are. */
async function takeUp(name, content) {
  let notebook;
  try {
    notebook = JSON.parse(content);
  } catch {
    throw new Error("it is no notebook");
  }
  if (!Array.isArray(notebook?.cells)) throw new Error("it is no notebook");
  const stubs = new Map();
  for (const cell of (await released(name)).cells) {
    if (isAnswer(cell)) stubs.set(cellId(cell), text(cell.source));
  }
  const answers = notebook.cells.filter((cell) => stubs.has(cellId(cell)));
  if (!answers.length) throw new Error(`it is no notebook of ${name}`);
  let count = 0;
  for (const cell of answers) {
    const code = text(cell.source);
    const own = code !== stubs.get(cellId(cell));
    store.keepAnswer(name, cellId(cell), own ? code : null);
    count += own;
  }
  for (const cell of notebook.cells) {
    if (cell.cell_type === "code") Object.assign(cell, { outputs: [], execution_count: null });
  }
  if (!store.keepNotebook(name, notebook)) throw new Error("this browser has no room for it");
  return count;
}

function save(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type: "application/x-ipynb+json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function enhance(box) {
  const name = box.dataset.assignment;
  const status = box.querySelector(".work-status");
  const show = () => {
    let got = 0;
    for (const row of box.querySelectorAll("tr[data-exercise]")) {
      const known = store.outcome(name, row.dataset.exercise);
      const written = store.answer(name, row.dataset.cell);
      let words = known ? inWords(known) : written != null ? "begun" : "not begun";
      if (known && (written ?? "") !== known.code) words += "; changed since";
      else if (known) got += known.score;
      row.querySelector(".work-state").textContent = words;
      row.dataset.status = known?.status ?? "";
    }
    box.querySelector(".work-sum").textContent = `${+got.toPrecision(4)} points so far`;
  };
  const act = (selector, type, action) =>
    box.querySelector(selector).addEventListener(type, async (event) => {
      try {
        status.textContent = await action(event);
      } catch (error) {
        status.textContent = `That did not work: ${error.message}.`;
      }
      show();
    });
  act(".work-export", "click", async () => {
    save(`${name}.ipynb`, JSON.stringify(await filled(name), null, 1) + "\n");
    return `${name}.ipynb is saved, with what you wrote in it.`;
  });
  act(".work-import", "change", async (event) => {
    const [file] = event.target.files;
    if (!file) return "";
    const count = await takeUp(name, await file.text());
    event.target.value = "";
    return `${count} answers taken up from ${file.name}.`;
  });
  act(".work-forget", "click", async () => {
    if (!confirm(`Delete all that you wrote for ${name}?`)) return "";
    store.forget(name);
    return "Deleted.";
  });
  box.querySelector(".work-tools").hidden = false;
  addEventListener("storage", show);
  addEventListener("pageshow", show);
  show();
}

for (const box of document.querySelectorAll(".work[data-assignment]")) enhance(box);
