// A cell that runs in the page: an editor, its buttons, and what they say.
import { address, run, stop } from "./python.js";
import { inWords } from "./words.js";

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

let editorScript = null;

/** The editor's script, loaded when the first editor comes near the screen. */
function loadEditor() {
  editorScript ??= new Promise((resolve, reject) => {
    const script = element("script", { src: address("_static/browser/editor.js") });
    script.onload = () => resolve(window.courseEditor);
    script.onerror = reject;
    document.head.append(script);
  });
  return editorScript;
}

/** A plain field with the editor's interface, should the editor not load. */
function plainField(parent, { code, label, on }) {
  const field = element("textarea", { value: code, spellcheck: false, rows: 14 });
  field.setAttribute("aria-label", label);
  field.addEventListener("input", () => on.change(field.value));
  parent.append(field);
  return {
    get code() {
      return field.value;
    },
    set code(text) {
      field.value = text;
      on.change(text);
    },
    focus: () => field.focus(),
    goTo() {},
  };
}

/** Put an editor and its buttons where `stub` (a code block) stands. */
export function makeCell({ stub, label, code, initial, buttons, job, onChange, onVerdict, onDone, onReset }) {
  let editor = null;
  let current = code;
  const place = element("div", { className: "cell-editor" });
  const status = element("p", { className: "cell-status" });
  status.setAttribute("role", "status");
  const output = element("div", { className: "cell-output", hidden: true });
  const bar = element("div", { className: "cell-bar" });
  const make = (text, act, className = "") => {
    const button = element("button", { type: "button", textContent: text, className });
    button.addEventListener("click", act);
    return button;
  };
  const stopButton = make("Stop", stop, "cell-stop");
  stopButton.disabled = true;
  bar.append(...buttons.map(({ text, check }) => make(text, () => go(check), check ? "cell-main" : "")));
  bar.append(
    stopButton,
    make("Start over", () => {
      if (editor) editor.code = initial;
      changed(initial);
      output.hidden = true;
      onReset?.();
      status.textContent = "The code is as it was at first.";
    }),
  );
  const hint = element("p", {
    className: "cell-hint",
    textContent: "Tab leaves the editor; Ctrl+] indents. Ctrl+Enter runs" +
      (buttons.some(({ check }) => check) ? ", Shift+Enter checks." : "."),
  });
  stub.after(place, bar, status, output, hint);

  function changed(text) {
    current = text;
    onChange?.(text);
  }

  async function open() {
    if (editor || place.dataset.opening) return;
    place.dataset.opening = "yes";
    const checking = buttons.some(({ check }) => check);
    const on = { change: changed, run: () => go(false), check: () => go(checking) };
    const options = { code: current, label, on };
    try {
      editor = (await loadEditor()).make(place, { ...options, code: current });
    } catch {
      editor = plainField(place, { ...options, code: current });
    }
    stub.hidden = true;
  }
  if (current !== initial) open(); // what was kept is shown at once
  else {
    const near = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      open();
    }, { rootMargin: "400px" });
    near.observe(stub);
  }

  async function go(check) {
    const asked = current;
    output.replaceChildren();
    output.hidden = true;
    stopButton.disabled = false;
    let printed = null;
    const text = (words, className = "") => {
      if (!printed || printed.className !== className) {
        printed = element("pre", { className, tabIndex: 0 });
        output.append(printed);
      }
      printed.append(words);
      output.hidden = false;
    };
    const says = {
      waiting: "Waiting for what runs before…",
      loading: "Loading Python (9 MB, the first time only)…",
      running: check ? "Checking…" : "Running…",
    };
    let verdict = null;
    const result = await run({ ...job(), code: asked, check: check ? job().check : null }, {
      status: (word) => (status.textContent = says[word]),
      text,
      verdict: (facts) => (verdict = facts),
      html(content) {
        const shown = element("div", { className: "cell-verdict", innerHTML: content });
        output.append(shown);
        output.hidden = false;
        printed = null;
      },
    });
    stopButton.disabled = true;
    if (verdict) onVerdict?.({ ...verdict, code: asked });
    if (result.stopped) status.textContent = "Stopped.";
    else if (verdict) status.textContent = inWords(verdict);
    else if (!result.ok) {
      text(result.error, "cell-error");
      status.textContent = result.line ? `It ended with an error in line ${result.line}.` : "It ended with an error.";
      if (result.line) editor?.goTo(result.line);
    } else status.textContent = output.hidden ? "It ran. It printed nothing." : "It ran.";
    onDone?.(result);
  }
  return { go };
}
