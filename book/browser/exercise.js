// An exercise that is solved in the page.
import { makeCell } from "./cell.js";
import { answer, keepAnswer, keepOutcome, outcome } from "./store.js";
import { inWords } from "./words.js";

function enhance(box) {
  const data = JSON.parse(box.querySelector("script.solve-data").textContent);
  const { assignment, exercise, cell, stub } = data;
  const state = box.querySelector(".solve-state");
  const show = () => {
    const known = outcome(assignment, exercise);
    state.textContent = known ? inWords(known) : "";
    box.dataset.status = known?.status ?? "";
  };
  makeCell({
    stub: box.querySelector(".solve-stub"),
    label: `Your code for ${exercise}`,
    code: answer(assignment, cell) ?? stub,
    initial: stub,
    buttons: [{ text: "Run", check: false }, { text: "Check", check: true }],
    job: () => ({
      assignment,
      exercise,
      entry: data.entry,
      check: data.check,
      before: [...data.before, ...data.uses.map((used) => answer(assignment, used) ?? "")],
    }),
    onChange(code) {
      const kept = keepAnswer(assignment, cell, code === stub ? null : code);
      if (!kept) state.textContent = "This browser keeps nothing: save your code elsewhere.";
    },
    onVerdict({ status, score, max_score, parts, says, code }) {
      keepOutcome(assignment, exercise, { status, score, max_score, parts, says, code });
      show();
    },
  });
  show();
}

for (const box of document.querySelectorAll(".solve[data-runs]")) enhance(box);
