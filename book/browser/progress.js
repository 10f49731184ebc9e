// What was read, predicted and solved, beside the links of the side bar and on the home page.
import { enhancePredictions } from "./predict.js";
import { isEmpty, keepRead, outcome, pageName, prediction, wasRead } from "./store.js";

const root = new URL(document.documentElement.dataset.content_root ?? "./", document.baseURI).href;
const page = pageName(location.href, root) ?? "";
let pages = null; // what there is on each page, fetched once something is kept

const counts = (name) => {
  const { predict, solve } = pages[name];
  return {
    read: wasRead(name),
    predicted: predict.filter((each) => prediction(name, each) != null).length,
    predict: predict.length,
    solved: solve.filter((each) => outcome(...each.split("/"))?.status === "passed").length,
    solve: solve.length,
  };
};

function inWords({ read, predicted, predict, solved, solve }) {
  const parts = [];
  if (read) parts.push("read");
  if (predicted) parts.push(`${predicted} of ${predict} predicted`);
  if (solved) parts.push(`${solved} of ${solve} solved`);
  return parts.join(", ");
}

function mark(link) {
  const name = pageName(link.href, root);
  if (!name || !(name in pages)) return;
  const facts = counts(name);
  const words = inWords(facts);
  let sign = link.querySelector(".progress-mark");
  if (!words) {
    sign?.remove();
    return;
  }
  if (!sign) {
    sign = document.createElement("span");
    sign.className = "progress-mark";
    link.append(sign);
  }
  const complete = facts.read && facts.predicted === facts.predict && facts.solved === facts.solve;
  sign.textContent = complete ? "✓" : facts.read ? "✓ …" : "…";
  sign.title = words;
  const said = document.createElement("span");
  said.className = "visually-hidden";
  said.textContent = ` (${words})`;
  sign.append(said);
}

function summarize(place) {
  const all = Object.keys(pages).map((name) => ({ name, ...counts(name) }));
  const sum = (key) => all.reduce((total, facts) => total + Number(facts[key]), 0);
  const next = all.length && [...document.querySelectorAll(".bd-sidebar-primary a.reference.internal")]
    .map((link) => [link, pageName(link.href, root)])
    .find(([, name]) => name in pages && name !== page && !wasRead(name))?.[0];
  place.replaceChildren(
    `So far, in this browser: ${sum("read")} of ${all.length} pages read, ${sum("predicted")} of ${sum("predict")} ` +
      `predictions made, ${sum("solved")} of ${sum("solve")} exercises solved. `,
  );
  if (next) {
    const link = document.createElement("a");
    link.href = next.href;
    link.textContent = [...next.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent).join("").trim();
    place.append("Next: ", link, ".");
  }
  place.hidden = false;
}

async function show() {
  if (isEmpty() || location.protocol === "file:") return;
  try {
    pages ??= await (await fetch(`${root}_static/browser/pages.json`)).json();
  } catch {
    return; // the page works without it
  }
  document.querySelectorAll(".bd-sidebar-primary a.reference.internal").forEach(mark);
  document.querySelectorAll(".your-progress").forEach(summarize);
}

enhancePredictions(page, show);
const end = document.querySelector(".prev-next-footer, .prev-next-area");
if (end && page.startsWith("book/")) {
  const opened = Date.now();
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    if (Date.now() - opened < 5000 && document.documentElement.scrollHeight > 2 * innerHeight) return; // jumped
    observer.disconnect();
    keepRead(page);
    show();
  }).observe(end);
}
addEventListener("storage", show);
addEventListener("pageshow", show);
show();
