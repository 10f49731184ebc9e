// Cells tagged `live`: they can be edited and run here, after the live cells that stand above them.
import { makeCell } from "./cell.js";

const above = [];
for (const box of document.querySelectorAll(".cell.tag_live")) {
  const input = box.querySelector(".cell_input");
  const built = box.querySelector(".cell_output");
  const initial = input.querySelector("pre").textContent.trimEnd();
  const before = [...above];
  const mine = { code: initial };
  above.push(mine);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `Live code ${above.length}`);
  makeCell({
    stub: input,
    label: "Code that you can change and run",
    code: initial,
    initial,
    buttons: [{ text: "Run", check: false }],
    job: () => ({ assignment: "lab", before: before.map(({ code }) => code) }),
    onChange: (code) => (mine.code = code),
    onDone: () => built && (built.hidden = true),
    onReset: () => built && (built.hidden = false),
  });
}
