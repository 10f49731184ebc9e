/* A bowl that is turned: the steps of momentum and of Adam against the angle. */
(function () {
  "use strict";
  const { axes, line, show, range } = Kit, { descend, judge, surface, tune } = Playground;
  const ANGLES = range(0, 90, 5), STEPS = 500, RULES = { momentum: ["#0072B2", [6, 4]], adam: ["#D55E00", []] };

  /** Steps to 1% of the start's height, for good, at one angle; Infinity if it takes more than STEPS. */
  function steps(rule, kappa, angle, lr) {
    const bowl = surface("turned-bowl", { kappa, angle });
    return judge(descend(bowl, rule, { lr, steps: STEPS, start: bowl.start }), bowl).reached;
  }
  /** The rate that is best for the bowl as it stands upright. */
  const upright = (rule, kappa) => tune("turned-bowl", rule, { kappa, angle: 0, steps: STEPS, start: surface("turned-bowl", { kappa, angle: 0 }).start });
  const memory = new Map();
  function curves(kappa) {
    if (!memory.has(kappa))
      memory.set(kappa, Object.fromEntries(Object.keys(RULES).map((rule) => {
        const lr = upright(rule, kappa);
        return [rule, { lr, list: ANGLES.map((angle) => steps(rule, kappa, angle, lr)) }];
      })));
    return memory.get(kappa);
  }

  window.Explore = { ...window.Explore, turningBowl: { steps, upright, ANGLES } };
  Kit.explorable("turning-bowl", {
    name: "Turning the bowl",
    target: "Target: find an angle at which Adam needs at least twice the steps that it needs upright. What happens to momentum there?",
    controls: {
      angle: ["Turn", ANGLES, "°", 0],
      kappa: ["Condition number κ", [10, 20, 30, 50, 100, 200], "", 100],
    },
    views: ["The turned bowl with the paths of both rules.", "Steps to the target against the angle; the numbers are in the table."],
    compute({ angle, kappa }) {
      const all = curves(kappa), at = ANGLES.indexOf(Kit.round(angle)) < 0 ? Kit.nearest(ANGLES, angle) : ANGLES.indexOf(Kit.round(angle));
      return { all, at };
    },
    paint([map, chart], { kappa }, { all, at }, under) {
      const bowl = surface("turned-bowl", { kappa, angle: ANGLES[at] });
      const [ctx, w, h] = Kit.prepare(map), v = Kit.fit(bowl.extent, w, h);
      under(ctx, v, bowl.f, [kappa, ANGLES[at]]);
      const view = { ctx, x: (x) => (x - v.x0) / v.unit, y: (y) => (v.y1 - y) / v.unit };
      for (const [rule, [color, dash]] of Object.entries(RULES))
        line(view, descend(bowl, rule, { lr: all[rule].lr, steps: STEPS, start: bowl.start }), color, dash);
      Kit.star(ctx, view.x(0), view.y(0), "#009E73");
      const top = 1.15 * Math.max(...Object.values(all).flatMap(({ list }) => list.filter(Number.isFinite)), 20);
      const plot = axes(chart, { x: [0, 90], y: [0, top], xTicks: [0, 30, 60, 90], yTicks: [0, Math.round(top / 2.3), Math.round(top / 1.15)], title: "steps to 1% (solid: Adam, dashed: momentum)", xName: "angle, °" });
      for (const [rule, [color, dash]] of Object.entries(RULES))
        line(plot, ANGLES.map((angle, i) => [angle, Math.min(all[rule].list[i], 9999)]), color, dash);
      line(plot, [[ANGLES[at], 0], [ANGLES[at], top]], "#000", [2, 3]);
      plot.ctx.restore();
    },
    rows: (_, { all, at }) => Object.entries({ momentum: "Momentum", adam: "Adam" }).flatMap(([rule, name]) => [
      [`${name}, rate ${show(all[rule].lr)}: steps upright`, all[rule].list[0]],
      [`${name}: steps at ${ANGLES[at]}°`, Number.isFinite(all[rule].list[at]) ? all[rule].list[at] : `more than ${STEPS}`],
    ]),
    verdict(_, { all, at }) {
      const times = (rule) => all[rule].list[at] / all[rule].list[0];
      const words = `At ${ANGLES[at]}° momentum needs ${show(times("momentum"))} times its upright steps, Adam ${Number.isFinite(times("adam")) ? show(times("adam")) : "far more than 5"} times.`;
      return times("adam") >= 2 ? `${words} Target reached.` : words;
    },
  });
})();
