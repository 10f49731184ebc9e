// The table of claims: filtered by outcome and by words, also from the address (?outcome=holds).
const table = document.querySelector("table.claims-table");
if (table) {
  const rows = [...table.tBodies[0].rows].map((row) => {
    const mark = row.querySelector(".outcome");
    const kind = [...mark.classList].find((name) => name.startsWith("outcome-"));
    return { row, kind, outcome: mark.textContent.trim(), text: row.textContent.toLowerCase() };
  });
  const kinds = new Map(rows.map(({ kind, outcome }) => [kind, outcome]));
  const wanted = `outcome-${new URLSearchParams(location.search).get("outcome")}`;
  let chosen = kinds.has(wanted) ? wanted : "";

  const bar = document.createElement("div");
  bar.className = "claims-bar cell-bar";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", "Show claims by their outcome");
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  const words = document.createElement("input");
  words.type = "search";
  words.placeholder = "words, as in momentum";
  words.setAttribute("aria-label", "Show claims with these words");
  words.addEventListener("input", show);
  const buttons = ["", ...kinds.keys()].map((kind) => {
    const button = document.createElement("button");
    const count = rows.filter((each) => !kind || each.kind === kind).length;
    button.type = "button";
    button.textContent = `${kind ? kinds.get(kind) : "all"} (${count})`;
    button.addEventListener("click", () => {
      chosen = kind;
      show();
    });
    bar.append(button);
    return { kind, button };
  });
  bar.append(words);

  function show() {
    const asked = words.value.trim().toLowerCase();
    let count = 0;
    for (const { row, kind, text } of rows) {
      row.hidden = (chosen && kind !== chosen) || !text.includes(asked);
      count += !row.hidden;
    }
    for (const { kind, button } of buttons) button.setAttribute("aria-pressed", kind === chosen);
    status.textContent = `${count} of ${rows.length} claims`;
  }

  (table.closest(".pst-scrollable-table-container") ?? table).before(bar, status);
  show();
}
