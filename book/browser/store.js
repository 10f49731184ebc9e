// What a reader wrote, and how it fared, kept in this browser and nowhere else.

const PREFIX = "training-neural-networks/";

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + key));
  } catch {
    return null; // storage is switched off, or holds what is not ours
  }
}

function write(key, value) {
  try {
    if (value == null) localStorage.removeItem(PREFIX + key);
    else localStorage.setItem(PREFIX + key, JSON.stringify(value));
    return true;
  } catch {
    return false; // switched off, or full
  }
}

/** The code written for a cell of an assignment's notebook, null if none was. */
export const answer = (assignment, cell) => read(`answer/${assignment}/${cell}`);
export const keepAnswer = (assignment, cell, code) => write(`answer/${assignment}/${cell}`, code);

/** What the last check of an exercise said: {status, score, max_score, says, code}. */
export const outcome = (assignment, exercise) => read(`outcome/${assignment}/${exercise}`);
export const keepOutcome = (assignment, exercise, value) =>
  write(`outcome/${assignment}/${exercise}`, value);

/** The notebook that a reader brought along, without outputs: what it holds beside answers stays. */
export const notebook = (assignment) => read(`notebook/${assignment}`);
export const keepNotebook = (assignment, value) => write(`notebook/${assignment}`, value);

/** Forget all that was kept of an assignment. */
export function forget(assignment) {
  for (const key of Object.keys(localStorage)) {
    if (new RegExp(`^${PREFIX}(answer|outcome|notebook)/${assignment}(/|$)`).test(key)) {
      localStorage.removeItem(key);
    }
  }
}

/** What a reader predicted on a page, null if nothing. */
export const prediction = (page, name) => read(`predict/${page}#${name}`);
export const keepPrediction = (page, name, value) => write(`predict/${page}#${name}`, value);

/** Whether a page was read to its end. */
export const wasRead = (page) => read(`read/${page}`) === true;
export const keepRead = (page) => write(`read/${page}`, true);

/** Whether anything at all is kept. */
export function isEmpty() {
  try {
    return !Object.keys(localStorage).some((key) => key.startsWith(PREFIX));
  } catch {
    return true;
  }
}

/** The address of a page from the site's root, without its ending, as pages.json has it. */
export function pageName(href, root) {
  const path = String(href).split(/[?#]/)[0];
  return path.startsWith(root) ? decodeURI(path.slice(root.length)).replace(/\.html$/, "") : null;
}
