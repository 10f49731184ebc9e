// Predictions: what a reader says before he looks, kept in this browser and shown beside the answer.
import { keepPrediction, prediction } from "./store.js";

function element(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

const parsed = (text) => Number(String(text).trim().replace(/[−–]/g, "-").replace(",", ".").replace("%", ""));

/** How a number compares with the measured one, in words. */
export function compare(said, measured, within) {
  if (!Number.isFinite(measured)) return "";
  if (said === measured) return "Exactly.";
  const ratio = said / measured;
  if (ratio > 0 && ratio <= within && ratio >= 1 / within) return "Close.";
  return said < measured ? "It is more than that." : "It is less than that.";
}

function enhance(box, index, page, onChange) {
  const { predict: name, kind, unit = "", within } = box.dataset;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `Prediction ${index + 1}`);
  const answer = box.querySelector("details");
  const summary = answer?.querySelector("summary");
  const list = box.querySelector(".predict-choices");
  const status = element("p", { className: "predict-said" });
  status.setAttribute("role", "status");
  const again = element("button", { type: "button", textContent: "Change it", hidden: true });
  const field = element("fieldset", {}, element("legend", { textContent: "Your prediction" }));
  const form = element("form", {}, field);
  form.noValidate = true;
  let read; // what the form says, null if nothing
  if (kind === "choice") {
    [...list.children].forEach((item, i) => {
      const input = element("input", { type: "radio", name: `predict-${index}`, value: String(i) });
      field.append(element("label", {}, input, element("span", {}, ...item.childNodes)));
    });
    list.hidden = true;
    read = () => (form.elements[`predict-${index}`].value === "" ? null : Number(form.elements[`predict-${index}`].value));
  } else {
    const input = element("input", { type: "text", autocomplete: "off" });
    input.setAttribute("aria-label", unit ? `Your prediction, in ${unit}` : "Your prediction");
    if (kind === "number") input.inputMode = "decimal";
    field.append(element("span", { className: "predict-field" }, input, unit ? ` ${unit}` : ""));
    read = () => {
      if (kind === "words") return input.value.trim() || null;
      return input.value.trim() && Number.isFinite(parsed(input.value)) ? parsed(input.value) : null;
    };
  }
  const ask = element("button", { type: "submit", textContent: kind === "words" ? "Keep it" : "Say so, and see" });
  form.append(ask);
  box.prepend(form, status, again);

  const words = (said) => {
    if (kind === "choice") {
      const right = JSON.parse(list.dataset.right)[said];
      const label = field.querySelectorAll("label > span")[said];
      const plain = label.cloneNode(true);
      plain.querySelectorAll(".katex-mathml").forEach((math) => math.remove());
      return `You said: ${plain.textContent.trim()}. ${right ? "That is what we measured." : "We measured something else."}`;
    }
    if (kind === "words") return `You said: ${said}`;
    const measured = parsed(answer.querySelector(".pasted-text, .pasted-inline")?.textContent.match(/[-−]?[\d.]+(e[-+]?\d+)?/)?.[0] ?? "x");
    return `You said: ${said}${unit && ` ${unit}`}. ${compare(said, measured, Number(within))}`;
  };
  function show(said) {
    form.hidden = said != null;
    again.hidden = said == null;
    status.textContent = said == null ? "" : words(said);
    if (answer) {
      answer.open = said != null;
      summary.textContent = said == null ? "The answer, without a prediction" : "The answer";
    }
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const said = read();
    if (said == null) {
      status.textContent = kind === "choice" ? "Choose one first." : kind === "number" ? "Give a number first." : "Write a few words first.";
      field.querySelector("input").focus();
      return;
    }
    keepPrediction(page, name, said);
    show(said);
    again.focus();
    onChange();
  });
  again.addEventListener("click", () => {
    show(null);
    field.querySelector("input").focus();
  });
  const kept = prediction(page, name);
  const valid = { choice: () => Number.isInteger(kept) && kept >= 0 && kept < list?.children.length,
    number: () => Number.isFinite(kept), words: () => typeof kept === "string" }[kind]();
  show(valid ? kept : null);
}

export function enhancePredictions(page, onChange) {
  [...document.querySelectorAll(".predict[data-predict]")].forEach((box, i) => enhance(box, i, page, onChange));
}
