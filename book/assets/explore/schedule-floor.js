/* A rate that is cut on its way, against the noise floor: the mean loss on a noisy bowl, exactly. */
(function () {
  "use strict";
  const { axes, line, show, range, decades } = Kit;
  const STEPS = 300, CURVATURES = [1, 10], START = [16, 1], NOISE = 1, GOAL = 0.03;

  /** The mean loss at each step: on each axis E[w^2] <- (1 - rate lambda)^2 E[w^2] + (rate noise)^2. */
  function losses(rateAt, steps = STEPS) {
    const square = [...START], loss = () => square.reduce((sum, s, i) => sum + (CURVATURES[i] * s) / 2, 0);
    const list = [loss()];
    for (let t = 0; t < steps; t++) {
      const rate = rateAt(t);
      CURVATURES.forEach((c, i) => (square[i] = (1 - rate * c) ** 2 * square[i] + (rate * NOISE) ** 2));
      list.push(loss());
    }
    return list;
  }
  /** What a constant rate settles at. */
  const floor = (rate) => CURVATURES.reduce((sum, c) => sum + (rate * NOISE ** 2) / (2 * (2 - rate * c)), 0);
  const cut = (rate, when, factor) => (t) => (t < when ? rate : rate * factor);
  const run = ({ rate, when, factor }) => losses(cut(rate, when, factor));

  window.Explore = { ...window.Explore, scheduleFloor: { run, floor } };
  Kit.explorable("schedule-floor", {
    name: "A schedule against the noise floor",
    target: `Target: end below ${GOAL} after ${STEPS} steps. Too early a cut leaves you far away, too late a cut leaves no time to calm down.`,
    controls: {
      rate: ["Rate at first", decades(-2, 0).filter((r) => r >= 0.01 && r <= 0.16), "", 0.1],
      when: ["Cut it at step", range(0, 300, 10), "", 300],
      factor: ["Then", [1, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01], " × the rate", 0.1],
    },
    views: ["The mean loss at each step and the floors of both rates, on a logarithmic scale; the end is in the table."],
    compute(state) {
      const list = run(state), before = floor(state.rate), after = floor(state.rate * state.factor);
      return { list, before, after, end: list.at(-1) };
    },
    paint([chart], { when }, { list, before, after }) {
      const view = axes(chart, { x: [0, STEPS], y: [1e-3, 30], xTicks: [0, 100, 200, 300], yTicks: [0.001, 0.01, 0.1, 1, 10], log: true, title: "mean loss", xName: "step" });
      line(view, [[0, before], [STEPS, before]], "#555", [2, 3]);
      line(view, [[when, after], [STEPS, after]], "#D55E00", [2, 3]);
      line(view, [[0, GOAL], [STEPS, GOAL]], "#009E73", [8, 3]);
      line(view, list.map((v, t) => [t, v]), "#0072B2");
      const name = (words, v, below) => Kit.text(view.ctx, words, view.x(STEPS) - 4, view.y(v) + (below ? 14 : -6), "right");
      name("floor of the first rate", before, before < GOAL); // each on the side where the other line is not
      name("target", GOAL, before >= GOAL);
      view.ctx.restore();
    },
    rows: (_, { before, after, end }) => [
      ["floor of the first rate", before],
      ["floor of the rate after the cut", after],
      [`mean loss after ${STEPS} steps`, end],
    ],
    verdict({ when, factor }, { after, before, end }) {
      if (end < GOAL) return `It ends at ${show(end)}. Target reached.`;
      if (when >= STEPS || factor === 1) return `It ends at ${show(end)}, the floor of its rate. Without a cut it stays there.`;
      if (end > 1.5 * after) return `It ends at ${show(end)}, still above the floor ${show(after)} of the lower rate: not enough steps after the cut, or too few before it.`;
      return `It ends at ${show(end)}, where the lower rate has its floor. It was ${show(before)} before.`;
    },
  });
})();
