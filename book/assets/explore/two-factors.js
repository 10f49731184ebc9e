/* Gradient descent on a bowl: the factor of the flat and of the steep axis, and the rate at which they tie. */
(function () {
  "use strict";
  const { axes, line, show, decades, range } = Kit, STEPS = 60, TARGET = 0.01;

  const factors = (rate, kappa) => [1 - rate, 1 - rate * kappa]; // curvatures 1 and kappa
  /** The first step after which both errors, from 1, stay within the target. */
  function reached(rate, kappa) {
    const worst = Math.max(...factors(rate, kappa).map(Math.abs));
    return worst < 1 ? (worst > 0 ? Math.ceil(Math.log(TARGET) / Math.log(worst) - 1e-12) : 1) : Infinity;
  }
  const tie = (kappa) => 2 / (1 + kappa);

  window.Explore = { ...window.Explore, twoFactors: { factors, reached, tie } };
  Kit.explorable("two-factors", {
    name: "Two factors of gradient descent",
    target: "Target: at condition number 10, find the rate with which both axes shrink equally fast. How many steps is that?",
    controls: {
      share: ["Rate η", range(0.02, 1.1, 0.02), " × 2/κ", 0.5],
      kappa: ["Condition number κ", decades(0, 2).filter((k) => k >= 1.6), "", 10],
    },
    views: ["The size of both factors against the rate; the chosen rate is in the table.",
      "The error on each axis at each of the first 60 steps, on a logarithmic scale."],
    compute({ share, kappa }) {
      const rate = (share * 2) / kappa, [flat, steep] = factors(rate, kappa);
      return { rate, flat, steep, steps: reached(rate, kappa), best: reached(tie(kappa), kappa) };
    },
    paint([map, chart], { kappa }, { rate, flat, steep }) {
      const end = 2.2 / kappa;
      const view = axes(map, { x: [0, end], y: [0, 1.25], xTicks: [0, 1 / kappa, 2 / kappa], yTicks: [0, 0.5, 1], title: "size of the factor (dashed: steep axis)", xName: "rate η" });
      const rates = Array.from({ length: 111 }, (_, i) => (end * i) / 110);
      line(view, rates.map((r) => [r, Math.abs(1 - r)]), "#0072B2");
      line(view, rates.map((r) => [r, Math.abs(1 - r * kappa)]), "#D55E00", [6, 4]);
      line(view, [[rate, 0], [rate, 1.25]], "#000", [2, 3]);
      view.ctx.restore();
      const errors = axes(chart, { x: [0, STEPS], y: [1e-3, 10], xTicks: [0, 20, 40, 60], yTicks: [0.001, 0.01, 0.1, 1], log: true, title: "error on each axis (dashed: steep axis)", xName: "step" });
      const run = (f) => Array.from({ length: STEPS + 1 }, (_, t) => [t, Math.max(Math.abs(f) ** t, 1e-9)]);
      line(errors, run(flat), "#0072B2");
      line(errors, run(steep), "#D55E00", [6, 4]);
      errors.ctx.restore();
    },
    rows: (_, { rate, flat, steep, steps }) => [
      ["learning rate η", rate],
      ["factor on the flat axis, 1\u00a0−\u00a0η", flat],
      ["factor on the steep axis, 1\u00a0−\u00a0ηκ", steep],
      ["steps until both errors are at 1%", steps],
    ],
    verdict({ kappa }, { flat, steep, steps, best }) {
      if (steps === Infinity) return "The steep axis does not shrink: its factor is 1 or more in size. Lower the rate.";
      const tied = Math.abs(Math.abs(flat) - Math.abs(steep)) < 0.045;
      if (tied) return `The two tie: ${steps} steps, where the exact tie takes ${best}. ${kappa === 10 ? "Target reached." : ""}`.trim();
      const slow = Math.abs(flat) > Math.abs(steep) ? "flat" : "steep";
      return `The ${slow} axis is the slower one: ${steps} steps. ${slow === "flat" ? "Raise" : "Lower"} the rate.`;
    },
    point(px, py, canvas) {
      const share = ((px - 44) / (canvas.clientWidth - 54)) * 1.1;
      return { share: Math.min(1.1, Math.max(0.02, Kit.round(share))) };
    },
  });
})();
