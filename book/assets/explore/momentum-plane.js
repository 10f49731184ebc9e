/* Momentum on one axis of a bowl: the plane of rho and eta lambda, and the path of the chosen point. */
(function () {
  "use strict";
  const { range, axes, line, show } = Kit, STEPS = 60, TARGET = 0.01;

  /** The factor that the error is multiplied by at each step, in the long run. */
  function radius(rate, rho) {
    const trace = 1 + rho - rate, inside = trace * trace - 4 * rho;
    if (inside < 0) return Math.sqrt(rho);
    return Math.max(Math.abs(trace + Math.sqrt(inside)), Math.abs(trace - Math.sqrt(inside))) / 2;
  }
  /** The weight after each step, from 1. */
  function path(rate, rho, steps = STEPS) {
    const list = [1];
    for (let w = 1, v = 0, t = 0; t < steps; t++) {
      v = rho * v + w; // the gradient is lambda w; eta lambda is the rate
      w -= rate * v;
      list.push(w);
    }
    return list;
  }
  /** The first step from which on the weight stays within the target, Infinity if there is none. */
  function reached(rate, rho) {
    const list = path(rate, rho, 2000);
    let at = list.length;
    while (at && Math.abs(list[at - 1]) <= TARGET) at--;
    return at < list.length ? at : Infinity;
  }
  function kind(rate, rho) {
    if (radius(rate, rho) >= 1) return "it diverges";
    const trace = 1 + rho - rate;
    if (trace * trace < 4 * rho) return "it swings through the minimum and back";
    return trace > 0 ? "it creeps up from one side" : "it jumps from side to side";
  }

  let picture = null;
  function plane(canvas, state) {
    const view = axes(canvas, { x: [0, 4], y: [0, 1], xTicks: [0, 1, 2, 3, 4], yTicks: [0, 0.25, 0.5, 0.75, 1], title: "momentum ρ", xName: "ηλ" });
    const { ctx, x, y, box } = view, w = 160, h = 120;
    if (picture?.scheme !== Kit.scheme()) {
      picture = Object.assign(Kit.el("canvas", { width: w, height: h }), { scheme: Kit.scheme() });
      const inner = picture.getContext("2d"), image = inner.createImageData(w, h);
      for (let j = 0, out = 0; j < h; j++)
        for (let i = 0; i < w; i++, out += 4) {
          const r = radius((4 * (i + 0.5)) / w, 1 - (j + 0.5) / h);
          const shade = r >= 1 ? [222, 178, 178] : [255, 255, 255].map((full, c) => full - (1 - r) ** 0.7 * [215, 130, 60][c]);
          image.data.set([...Kit.tone(shade), 255], out);
        }
      inner.putImageData(image, 0, 0);
    }
    ctx.drawImage(picture, box.left, box.top, box.right - box.left, box.bottom - box.top);
    line(view, range(0, 1, 0.01).map((rho) => [(1 - Math.sqrt(rho)) ** 2, rho]), "#000");
    line(view, range(0, 1, 0.01).map((rho) => [(1 + Math.sqrt(rho)) ** 2, rho]), "#000");
    Kit.text(ctx, "diverges", x(3.95), y(0.12), "right");
    Kit.text(ctx, "swings", x(1.6), y(0.85), "center");
    ctx.beginPath();
    ctx.arc(x(state.rate), y(state.rho), 8, 0, 7);
    ctx.lineWidth = 3;
    ctx.strokeStyle = Kit.color("#D55E00");
    ctx.stroke();
    ctx.restore();
  }
  window.Explore = { ...window.Explore, momentumPlane: { radius, path, reached, kind } };
  Kit.explorable("momentum-plane", {
    name: "Momentum on one axis",
    target: "Target: at ηλ = 0.1, a flat axis, bring the weight to 1% of its start, for good, in fewer than 15 steps. By which ρ?",
    controls: {
      rate: ["Rate × curvature ηλ", [...range(0.02, 0.1, 0.02), ...range(0.2, 4, 0.1)], "", 0.1],
      rho: ["Momentum ρ", [...range(0, 0.9, 0.04), ...range(0.92, 0.98, 0.02), 0.99], "", 0.9],
    },
    views: ["Map of the plane of ρ and ηλ: where momentum creeps, swings and diverges; the point is in the table.",
      "The weight at each of the first 60 steps; its end is in the table."],
    compute: ({ rate, rho }) => ({ path: path(rate, rho), radius: radius(rate, rho), reached: reached(rate, rho) }),
    paint([map, chart], state, result) {
      plane(map, state);
      const view = axes(chart, { x: [0, STEPS], y: [-1.2, 1.2], xTicks: [0, 20, 40, 60], yTicks: [-1, 0, 1], title: "the weight", xName: "step" });
      line(view, result.path.map((w, t) => [t, w]), "#0072B2", [], true);
      view.ctx.restore();
    },
    rows: ({ rate, rho }, result) => [
      ["factor of the error in the long run", result.radius],
      ["in words", kind(rate, rho)],
      ["steps to 1%, for good", result.reached],
    ],
    verdict({ rate, rho }, { reached: steps }) {
      const at = `At ηλ = ${show(rate)} and ρ = ${show(rho)} ${kind(rate, rho)}`;
      const end = steps < Infinity ? `; 1% after ${steps} steps` : "";
      if (rate !== 0.1) return `${at}${end}.`;
      return steps < 15 ? `${at}${end}. Target reached.` : `${at}${end}. The target is fewer than 15.`;
    },
    point(px, py, canvas) {
      const w = canvas.clientWidth, h = canvas.clientHeight;
      const rate = ((px - 44) / (w - 54)) * 4, rho = (h - 30 - py) / (h - 54);
      return { rate: Math.min(4, Math.max(0.02, Kit.round(rate))), rho: Math.min(0.99, Math.max(0, Kit.round(rho))) };
    },
  });
})();
