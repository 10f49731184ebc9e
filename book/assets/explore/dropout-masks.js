/* Dropout: the mean over masks of a unit's input and of its output, against the pass without masks. */
(function () {
  "use strict";
  const { axes, line, show, range, uniform } = Kit, UNITS = 12;

  // What twelve units send to the next one: weight times activation.
  const TERMS = [0.9, -0.4, 0.7, 0.2, -0.8, 0.5, 0.3, -0.2, 0.6, 0.4, -0.5, 0.3];
  /** Masks of 0 and 1, `count` of them. */
  function masks(keep, count, seed) {
    const next = uniform(seed);
    return Array.from({ length: count }, () => TERMS.map(() => (next() < keep ? 1 : 0)));
  }
  /** For each mask the input of the next unit, divided by the keep probability. */
  const inputs = (list, keep) => list.map((mask) => mask.reduce((sum, m, i) => sum + (m * TERMS[i]) / keep, 0));
  const running = (values) => {
    let sum = 0;
    return values.map((value, i) => (sum += value) / (i + 1));
  };
  const FULL = TERMS.reduce((sum, term) => sum + term, 0);

  /** Whether a running mean stays near the full pass over its later half; a few masks may be lucky. */
  const stays = (means) => means.length >= 10 && means.slice(means.length >> 1).every((mean) => Math.abs(mean - FULL) <= 0.2);

  window.Explore = { ...window.Explore, dropoutMasks: { masks, inputs, running, TERMS, UNITS } };
  Kit.explorable("dropout-masks", {
    name: "Dropout masks",
    target: "Target: with keep probability 0.5, take as many masks as it needs for the mean input to stay within 0.2 of the pass without masks, over the whole later half of them. Does the mean output come as close?",
    controls: {
      keep: ["Keep probability p", range(0.2, 1, 0.05), "", 0.5],
      count: ["Masks", [1, 2, 3, 5, 8, 12, 20, 30, 50, 80, 120, 200, 300, 400, 600, 1000], "", 5],
      seed: ["Draw", range(1, 20, 1), "", 1],
    },
    views: ["The masks, one in each column: which of the twelve units are kept.",
      "Running means over the masks of the next unit's input and of its tanh, with the pass without masks."],
    compute({ keep, count, seed }) {
      const list = masks(keep, count, seed), z = inputs(list, keep);
      return { list, z, meanInput: running(z), meanOutput: running(z.map(Math.tanh)) };
    },
    paint([map, chart], { count }, { list, meanInput, meanOutput }) {
      const shown = list.slice(-30), view = axes(map, { x: [0, 30], y: [0, UNITS], xTicks: [], yTicks: [], title: "units kept, by mask", xName: `the last ${shown.length} of ${count} masks` });
      const { ctx, x, y } = view;
      shown.forEach((mask, i) => mask.forEach((m, j) => {
        ctx.fillStyle = Kit.color(m ? "#0072B2" : "#e4e4e4");
        ctx.fillRect(x(i) + 1, y(j + 1) + 1, Math.max(1, x(1) - x(0) - 2), y(0) - y(1) - 2);
      }));
      ctx.restore();
      const means = axes(chart, { x: [0, Math.max(10, count)], y: [-1, 4], xTicks: [0, Math.max(10, count)], yTicks: [-1, 0, 1, 2, 3, 4], title: "running mean: input (dashed: output, tanh)", xName: "masks" });
      for (const level of [FULL, Math.tanh(FULL)]) line(means, [[0, level], [Math.max(10, count), level]], "#555", [2, 3]);
      line(means, meanInput.map((v, i) => [i + 1, v]), "#0072B2", [], count < 40);
      line(means, meanOutput.map((v, i) => [i + 1, v]), "#D55E00", [6, 4], count < 40);
      means.ctx.restore();
    },
    rows: ({ keep }, { list, meanInput, meanOutput }) => [
      ["units kept in the last mask", `${list.at(-1).reduce((a, b) => a + b, 0)} of ${UNITS}`],
      ["mean input, and without masks", `${show(meanInput.at(-1))} and ${show(FULL)}`],
      ["mean output, and without masks", `${show(meanOutput.at(-1))} and ${show(Math.tanh(FULL))}`],
    ],
    verdict({ keep, count }, { meanInput, meanOutput }) {
      const off = Math.abs(meanInput.at(-1) - FULL), out = Math.abs(meanOutput.at(-1) - Math.tanh(FULL));
      const close = stays(meanInput);
      const words = `After ${count} mask${count > 1 ? "s" : ""} the mean input is off by ${show(off)}, the mean output by ${show(out)}.`;
      if (keep === 0.5 && close) return `${words} Target reached.${out > 0.2 ? " The output is another matter: a mean of tanh is not the tanh of a mean." : ""}`;
      return words;
    },
  });
})();
