/* Nine trials of a learning rate and a weight decay, placed by hand on the landscape that was measured. */
(function () {
  "use strict";
  const { axes, line, show, range, uniform } = Kit, TRIALS = 9, LOW = -4, HIGH = -1, GOAL = 1;
  const given = document.querySelector("script.nine-trials-settings");
  if (!given) return;
  const { rates, decays, validation, test } = JSON.parse(given.textContent), SEEDS = test[0][0].length;

  /** What a seed's choice is worth: the mean test error of the other seeds. */
  const worth = test.map((row) => row.map((errors) => {
    const all = errors.reduce((sum, e) => sum + e, 0);
    return errors.map((e) => (all - e) / (SEEDS - 1));
  }));
  /** The node below x, and how far x is on the way to the next. */
  function between(nodes, x) {
    let i = 0;
    while (i < nodes.length - 2 && x >= nodes[i + 1]) i++;
    return [i, (x - nodes[i]) / (nodes[i + 1] - nodes[i])];
  }
  /** Each seed's value of a table, read between its nodes along straight lines. */
  function read(table, rate, decay) {
    const [i, p] = between(rates, rate), [j, q] = between(decays, decay);
    return table[i][j].map((low, s) =>
      (1 - p) * ((1 - q) * low + q * table[i][j + 1][s]) + p * ((1 - q) * table[i + 1][j][s] + q * table[i + 1][j + 1][s]));
  }
  const least = (list) => list.reduce((best, v, i) => (v < list[best] ? i : best), 0);
  const mean = (list) => list.reduce((sum, v) => sum + v, 0) / list.length;
  /** Straight lines are lowest at a node. */
  const best = range(0, SEEDS - 1, 1).map((s) => Math.min(...worth.flat().map((values) => values[s])));

  /** For trials [rate, decay] what each seed chooses, and how far that is from the best of the map. */
  function search(trials) {
    const seen = trials.map(([rate, decay]) => read(validation, rate, decay));
    const chosen = best.map((_, s) => least(seen.map((values) => values[s])));
    const lost = chosen.map((at, s) => read(worth, ...trials[at])[s] - best[s]);
    return { seen, chosen, lost, loss: mean(lost) };
  }
  const places = (state) => range(1, TRIALS, 1).map((t) => [state[`r${t}`], state[`d${t}`]]);
  const placed = (trials) => Object.fromEntries(trials.flatMap(([rate, decay], i) => [[`r${i + 1}`, rate], [`d${i + 1}`, decay]]));
  const GRID = [-3.5, -2.5, -1.5].flatMap((rate) => [-3.5, -2.5, -1.5].map((decay) => [rate, decay]));
  const hundredth = (x) => Math.round(100 * Math.min(HIGH, Math.max(LOW, x))) / 100;
  function drawn(seed) {
    const next = uniform(seed), one = () => hundredth(LOW + (HIGH - LOW) * next());
    return Array.from({ length: TRIALS }, () => [one(), one()]);
  }
  const selected = (state) => ({ rate: state[`r${state.trial}`], decay: state[`d${state.trial}`] });

  let picture = null;
  function map(canvas, state, { chosen }) {
    const view = axes(canvas, { x: [LOW, HIGH], y: [LOW, HIGH], xTicks: [-4, -3, -2, -1], yTicks: [-4, -3, -2, -1], title: "log₁₀ decay; bluer is better", xName: "log₁₀ rate" });
    const { ctx, x, y, box } = view, size = 90;
    if (picture?.scheme !== Kit.scheme()) {
      picture = Object.assign(Kit.el("canvas", { width: size, height: size }), { scheme: Kit.scheme() });
      const inner = picture.getContext("2d"), image = inner.createImageData(size, size);
      for (let j = 0, out = 0; j < size; j++)
        for (let i = 0; i < size; i++, out += 4) {
          const error = mean(read(validation, LOW + (3 * (i + 0.5)) / size, HIGH - (3 * (j + 0.5)) / size));
          const light = Math.min(1, Math.max(0, (error - 64) / 24)) ** 0.6;
          image.data.set([...Kit.tone([60, 110, 160].map((low) => low + light * (245 - low))), 255], out);
        }
      inner.putImageData(image, 0, 0);
    }
    ctx.drawImage(picture, box.left, box.top, box.right - box.left, box.bottom - box.top);
    ctx.restore(); // a trial at the edge is drawn whole
    places(state).forEach(([rate, decay], i) => {
      const picked = chosen.includes(i);
      ctx.beginPath();
      ctx.arc(x(rate), y(decay), 7, 0, 7);
      ctx.fillStyle = Kit.color(picked ? "#D55E00" : "#fff");
      ctx.fill();
      ctx.lineWidth = i + 1 === state.trial ? 3.5 : 1.2;
      ctx.strokeStyle = Kit.color("#000");
      ctx.stroke();
      ctx.fillStyle = Kit.color(picked ? "#fff" : "#333");
      ctx.textAlign = "center";
      ctx.font = "10px system-ui, sans-serif";
      ctx.fillText(i + 1, x(rate), y(decay) + 3.5);
    });
  }
  window.Explore = { ...window.Explore, nineTrials: { read: (which, rate, decay) => read({ validation, worth }[which], rate, decay), search, best } };
  Kit.explorable("nine-trials", {
    name: "Nine trials on a measured landscape",
    target: `Target: lose less than ${GOAL} point to the best network of the map, on average over the ${SEEDS} seeds. Each seed chooses the trial with its own lowest validation error; the other seeds' test error says what that is worth.`,
    controls: {
      trial: ["Trial", range(1, TRIALS, 1), "", 1],
      rate: ["Its log₁₀ rate", range(LOW, HIGH, 0.05), "", GRID[0][0]],
      decay: ["Its log₁₀ decay", range(LOW, HIGH, 0.1), "", GRID[0][1]],
    },
    kept: {
      draw: [[0, 1e6], 0],
      ...Object.fromEntries(Object.entries(placed(GRID)).map(([key, value]) => [key, [[LOW, HIGH], value]])),
    },
    follow(state, key) {
      if (key === "rate" || key === "decay" || key === "point") return { [`r${state.trial}`]: state.rate, [`d${state.trial}`]: state.decay };
      return selected(state);
    },
    buttons: [
      ["Grid", () => placed(GRID)],
      ["Random", ({ draw }) => ({ draw: draw + 1, ...placed(drawn(draw + 1)) })],
    ],
    views: ["Map of the measured validation error over rate and decay, with the nine trials; they are in the table.",
      "Mean validation error against the rate, with the trials on it; the ones that a seed chooses are filled."],
    compute: (state) => search(places(state)),
    paint([plane, chart], state, result) {
      map(plane, state, result);
      const view = axes(chart, { x: [LOW, HIGH], y: [62, 90], xTicks: [-4, -3, -2, -1], yTicks: [65, 70, 75, 80, 85], title: "validation error, %, mean over the seeds", xName: "log₁₀ rate" });
      line(view, rates.map((rate, i) => [rate, mean(validation[i].flat())]), "#555", [4, 3]);
      places(state).forEach(([rate], i) => {
        view.ctx.beginPath();
        view.ctx.arc(view.x(rate), view.y(mean(result.seen[i])), 5, 0, 7);
        view.ctx.lineWidth = 2;
        view.ctx.strokeStyle = view.ctx.fillStyle = Kit.color("#D55E00");
        if (result.chosen.includes(i)) view.ctx.fill();
        view.ctx.stroke();
      });
      view.ctx.restore();
    },
    rows: (state, { chosen, lost, loss }) => [
      [`trial ${state.trial}: log₁₀ rate and decay`, `${show(state.rate)} and ${show(state.decay)}`],
      ["different rates tried", new Set(places(state).map(([rate]) => rate)).size],
      ["chosen by the seeds, in order", chosen.map((i) => i + 1).join(", ")],
      ["points lost, by seed", lost.map((v) => v.toFixed(1)).join(", ")],
      ["points lost, mean", loss.toFixed(2)],
    ],
    verdict(state, { chosen, loss }) {
      const many = new Set(places(state).map(([rate]) => rate)).size;
      const words = `With ${many} different rate${many > 1 ? "s" : ""}, the seeds choose ${new Set(chosen).size === 1 ? "the same trial" : `${new Set(chosen).size} different trials`} and lose ${loss.toFixed(2)} points.`;
      return loss < GOAL ? `${words} Target reached.` : `${words} The target is less than ${GOAL}.`;
    },
    point(px, py, canvas, state, pressed) {
      const w = canvas.clientWidth, h = canvas.clientHeight;
      const at = (rate, decay) => [44 + ((rate - LOW) / (HIGH - LOW)) * (w - 54), h - 30 - ((decay - LOW) / (HIGH - LOW)) * (h - 54)];
      if (pressed) {
        const far = places(state).map((place) => Math.hypot(at(...place)[0] - px, at(...place)[1] - py)), near = least(far);
        if (far[near] < 22) return { trial: near + 1, ...selected({ ...state, trial: near + 1 }) };
      }
      return { rate: hundredth(LOW + ((px - 44) / (w - 54)) * (HIGH - LOW)), decay: hundredth(LOW + ((h - 30 - py) / (h - 54)) * (HIGH - LOW)) };
    },
  });
})();
