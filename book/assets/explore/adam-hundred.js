/* The lengths of Adam's first hundred steps on a slope, with and without its correction. */
(function () {
  "use strict";
  const { axes, line, show, range } = Kit, STEPS = 100;

  /** Step lengths in units of the rate, where every gradient is 1 (eps is 0). */
  function lengths(beta1, beta2, corrected, steps = STEPS) {
    const list = [];
    for (let m = 0, v = 0, t = 1; t <= steps; t++) {
      m = beta1 * m + (1 - beta1);
      v = beta2 * v + (1 - beta2);
      list.push(corrected ? m / (1 - beta1 ** t) / Math.sqrt(v / (1 - beta2 ** t)) : m / Math.sqrt(v));
    }
    return list;
  }
  window.Explore = { ...window.Explore, adamHundred: { lengths } };
  Kit.explorable("adam-hundred", {
    name: "Adam's first hundred steps",
    target: "Target: leave β₁ at 0.9, and find the β₂ with which the first step is right even without the correction.",
    controls: {
      beta1: ["β₁, gradients", [...range(0, 0.9, 0.05), 0.95, 0.98, 0.99], "", 0.9],
      beta2: ["β₂, squares", [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999], "", 0.999],
    },
    views: ["Step length against the step number for both rules; the numbers are in the table."],
    compute: ({ beta1, beta2 }) => ({ raw: lengths(beta1, beta2, false), adam: lengths(beta1, beta2, true) }),
    paint([chart], _, { raw, adam }) {
      const top = Math.max(2, ...raw) * 1.1;
      const ticks = top > 40 ? [0, 25, 50, 75, 100] : top > 8 ? [0, 10, 20, 30] : [0, 1, 2, 4, 6];
      const view = axes(chart, { x: [0, STEPS], y: [0, top], xTicks: [1, 25, 50, 75, 100], yTicks: ticks.filter((v) => v < top), title: "step length / η (dashed: without correction)", xName: "step" });
      line(view, raw.map((v, t) => [t + 1, v]), "#0072B2", [6, 4]);
      line(view, adam.map((v, t) => [t + 1, v]), "#D55E00");
      view.ctx.restore();
    },
    rows: (_, { raw, adam }) => [
      ["first step without correction, in η", raw[0]],
      ["longest of a hundred, and when", `${show(Math.max(...raw))} at step ${raw.indexOf(Math.max(...raw)) + 1}`],
      ["hundredth step without correction", raw[99]],
      ["Adam, corrected: first and hundredth", `${show(adam[0])} and ${show(adam[99])}`],
    ],
    verdict({ beta1, beta2 }, { raw }) {
      const words = `Without correction the first step is ${show(raw[0])} times the rate: (1 − β₁) / √(1 − β₂).`;
      if (beta1 !== 0.9) return words;
      return Math.abs(raw[0] - 1) < 0.01 ? `${words} Target reached, for this one step: look at the others.` : `${words} The target is 1.`;
    },
  });
})();
