/* An ensemble grown member by member: the squared error of the mean, against the members' correlation. */
(function () {
  "use strict";
  const { axes, line, show, range, uniform } = Kit, ITEMS = 300, MOST = 20, SHOWN = 8;

  /** Normal numbers (Box and Muller): for each item the common part, then each member's own. */
  function draws(seed) {
    const next = uniform(seed), normal = () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
    return Array.from({ length: ITEMS }, () => Array.from({ length: MOST + 1 }, normal));
  }
  /** The members' errors on each item: of variance 1, and of correlation r between any two. */
  const errors = (drawn, r) =>
    drawn.map(([common, ...own]) => own.map((z) => Math.sqrt(r) * common + Math.sqrt(1 - r) * z));
  /** The mean square of the mean error of the first 1, 2, .. members. */
  function squares(list) {
    const sums = list.map(() => 0);
    return range(1, MOST, 1).map((m) => list.reduce((total, item, i) => total + ((sums[i] += item[m - 1]) / m) ** 2, 0) / list.length);
  }
  const formula = (r, m) => r + (1 - r) / m;

  window.Explore = { ...window.Explore, growingEnsemble: { draws, errors, squares, formula } };
  Kit.explorable("growing-ensemble", {
    name: "An ensemble, member by member",
    target: "Target: a third of one member's squared error, or less, with five members or fewer. Take more members, or other members?",
    controls: {
      members: ["Members M", range(1, MOST, 1), "", 1],
      r: ["Correlation r", range(0, 1, 0.05), "", 0.5],
      seed: ["Draw", range(1, 20, 1), "", 1],
    },
    views: ["The members' errors on eight items as dots, their mean as a bar.",
      "The squared error of the mean against the number of members, by the formula and drawn, with the part that stays."],
    compute({ members, r, seed }) {
      const list = errors(draws(seed), r);
      return { list, squares: squares(list), error: formula(r, members) };
    },
    paint([map, chart], { members, r }, { list, squares: drawn }) {
      const view = axes(map, { x: [0, SHOWN], y: [-3, 3], xTicks: [], yTicks: [-2, 0, 2], title: "errors of the members, and of their mean", xName: "eight items" });
      const { ctx, x, y } = view;
      list.slice(0, SHOWN).forEach((item, i) => {
        const grown = item.slice(0, members), mean = grown.reduce((sum, e) => sum + e, 0) / members;
        ctx.fillStyle = Kit.color("#0072B2") + "8c";
        for (const [m, e] of grown.entries()) {
          ctx.beginPath();
          ctx.arc(x(i + 0.5 + (m - (members - 1) / 2) * 0.03), y(e), 3, 0, 7);
          ctx.fill();
        }
        line(view, [[i + 0.15, mean], [i + 0.85, mean]], "#D55E00");
      });
      ctx.restore();
      const curve = axes(chart, { x: [0, MOST], y: [0, 1.2], xTicks: [1, 5, 10, 15, 20], yTicks: [0, 1 / 3, 0.5, 1], title: "squared error of the mean, in those of one", xName: "members M" });
      line(curve, [[0, 1 / 3], [5, 1 / 3], [5, 0]], "#009E73", [8, 3]);
      line(curve, [[0, r], [MOST, r]], "#555", [2, 3]);
      line(curve, range(1, MOST, 1).map((m) => [m, formula(r, m)]), "#0072B2");
      line(curve, drawn.slice(0, members).map((v, i) => [i + 1, v]), "#D55E00", [6, 4], true);
      Kit.text(curve.ctx, "what stays: r", curve.x(MOST) - 6, r > 0.1 ? curve.y(r) + 14 : curve.y(formula(r, 12)) - 6, "right");
      Kit.text(curve.ctx, "target", curve.x(0) + 6, curve.y(1 / 3) + 14);
      curve.ctx.beginPath();
      curve.ctx.arc(curve.x(members), curve.y(formula(r, members)), 7, 0, 7);
      curve.ctx.lineWidth = 3;
      curve.ctx.strokeStyle = Kit.color("#0072B2");
      curve.ctx.stroke();
      curve.ctx.restore();
    },
    rows: ({ members, r }, { squares: drawn, error }) => [
      ["squared error of the mean, r + (1 − r) / M", error],
      [`the same on ${ITEMS} items drawn`, drawn[members - 1]],
      ["one more member takes off", error - formula(r, members + 1)],
      ["all further ones together take off", error - r],
    ],
    verdict({ members, r }, { error }) {
      const words = members === 1 ? "One member has its whole squared error."
        : `With ${members} members of correlation ${show(r)} the squared error is ${show(error)} of one member's.`;
      if (error <= 1 / 3 + 1e-12 && members <= 5) return `${words} Target reached.`;
      if (r > 1 / 3) return `${words} However many you add, ${show(r)} of it stays.`;
      if (members <= 5) return words;
      return `${words} That took ${members} members.`;
    },
  });
})();
