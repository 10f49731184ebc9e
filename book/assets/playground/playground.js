/* Optimizer playground: update rules on a loss that the reader can change.
 *
 * book/extensions/playground.py writes a static figure and its settings into the page; this script
 * puts the widget in the figure's place. What both go by (defaults, rates to try, the target, the
 * rules' names and looks) stands in the page, written by that module; what the rules and surfaces do
 * is that of lab/surfaces.py, lab/rules.py and lab/descent.py: tests/test_playground.py holds it
 * equal in a browser.
 */
(function () {
  "use strict";
  const { round, range, decades, show, el, write, mark, slider, button, check, prepare } = Kit;
  const SHARED = JSON.parse(document.getElementById("playground-shared").textContent);

  // ---- Surfaces (lab/surfaces.py); angles in degrees ------------------------------------------

  function quadratic(kappa, angle, extent) {
    const c = Math.cos((angle * Math.PI) / 180), s = Math.sin((angle * Math.PI) / 180);
    const a = c * c + kappa * s * s, b = (1 - kappa) * c * s, d = s * s + kappa * c * c;
    return {
      f: (x, y) => (a * x * x + 2 * b * x * y + d * y * y) / 2,
      grad: (x, y) => [a * x + b * y, b * x + d * y],
      start: [-4 * c - s, c - 4 * s], extent, minima: [[0, 0]],
    };
  }

  const saddle = {
    f: (x, y) => (x * x - y * y) / 2 + y ** 4 / 4,
    grad: (x, y) => [x, y ** 3 - y],
    start: [1.5, 1e-3], extent: [-2, 2, -1.6, 1.6], minima: [[0, 1], [0, -1]],
  };

  const TILT = 0.15;
  const valleyFloor = (x) => { // Newton's method on the slope x^3 - x + tilt
    for (let i = 0; i < 20; i++) x -= (x ** 3 - x + TILT) / (3 * x * x - 1);
    return [x, 0];
  };
  const twoValleys = {
    f: (x, y) => (x * x - 1) ** 2 / 4 + TILT * x + (y * y) / 2,
    grad: (x, y) => [x ** 3 - x + TILT, y],
    start: [1.9, 1], extent: [-2, 2.2, -1.5, 1.5], minima: [valleyFloor(-1), valleyFloor(1)],
  };

  const curvedValley = {
    f: (x, y) => (1 - x) ** 2 + 10 * (y - x * x) ** 2,
    grad: (x, y) => [-2 * (1 - x) - 40 * x * (y - x * x), 20 * (y - x * x)],
    start: [-1.2, 1.2], extent: [-1.8, 1.8, -0.8, 2.2], minima: [[1, 1]],
  };

  const SURFACES = {
    "bowl": ["Bowl", (o) => quadratic(o.kappa, 0, [-4.8, 4.8, -2.4, 2.4])],
    "turned-bowl": ["Turned bowl", (o) => quadratic(o.kappa, o.angle, [-4.8, 4.8, -4.8, 4.8])],
    "saddle": ["Saddle", () => saddle],
    "two-valleys": ["Two valleys", () => twoValleys],
    "curved-valley": ["Curved valley", () => curvedValley],
  };
  const surface = (id, options) => SURFACES[id][1]({ ...DEFAULTS, ...options });

  // ---- Rules (lab/rules.py): the step of one coordinate; s is its state -----------------------

  const STEPS = {
    sgd: (g, s, o) => o.lr * g,
    momentum: (g, s, o) => {
      s.v = o.rho * (s.v || 0) + g;
      return o.lr * s.v;
    },
    nesterov: (g, s, o) => {
      s.v = o.rho * (s.v || 0) + g;
      return o.lr * (g + o.rho * s.v);
    },
    adagrad: (g, s, o) => {
      s.s = (s.s || 0) + g * g;
      return (o.lr * g) / (Math.sqrt(s.s) + 1e-10);
    },
    rmsprop: (g, s, o) => {
      s.s = o.decay * (s.s || 0) + (1 - o.decay) * g * g;
      return (o.lr * g) / (Math.sqrt(s.s) + 1e-8);
    },
    adam: (g, s, o, t) => {
      s.m = o.beta1 * (s.m || 0) + (1 - o.beta1) * g;
      s.v = o.beta2 * (s.v || 0) + (1 - o.beta2) * g * g;
      const m = s.m / (1 - o.beta1 ** t), v = s.v / (1 - o.beta2 ** t);
      return (o.lr * m) / (Math.sqrt(v) + 1e-8);
    },
  };
  const RULES = SHARED.rules; // by id, in order: name, color, dash
  const DEFAULTS = { lr: 0.05, ...SHARED.defaults };

  // ---- Descent (lab/descent.py) ---------------------------------------------------------------

  function gaussian(seed) { // mulberry32, then Box and Muller
    const uniform = () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let z = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
      return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
    };
    return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  }

  /** Every point [w1, w2] that rule `id` visits on a surface (an id, or an object). */
  function descend(on, id, options) {
    const o = { ...DEFAULTS, ...options }, s = typeof on === "string" ? surface(on, o) : on;
    const normal = gaussian(o.seed), step = STEPS[id], sx = {}, sy = {};
    let [x, y] = o.start || s.start;
    const path = [[x, y]];
    for (let t = 1; t <= o.steps; t++) {
      let [gx, gy] = s.grad(x, y);
      if (o.noise) { gx += o.noise * normal(); gy += o.noise * normal(); }
      x -= step(gx, sx, o, t);
      y -= step(gy, sy, o, t);
      path.push([x, y]);
    }
    return path;
  }

  /** Height above the lowest minimum, as a share of the start's; when the path first came to
   * TARGET for good; and when it went more than ten windows away. */
  const TARGET = SHARED.target;
  const lowest = (s) => Math.min(...s.minima.map((m) => s.f(...m)));
  function judge(path, s) {
    const low = lowest(s), top = s.f(...path[0]) - low, [x0, x1, y0, y1] = s.extent;
    const heights = path.map((p) => (s.f(...p) - low) / (top || 1));
    let reached = path.length;
    while (reached && heights[reached - 1] <= TARGET) reached--;
    const away = path.findIndex(([x, y]) =>
      !(Math.abs(2 * x - x0 - x1) < 20 * (x1 - x0) && Math.abs(2 * y - y0 - y1) < 20 * (y1 - y0)));
    return {
      heights,
      reached: reached < path.length ? reached : Infinity,
      diverged: away < 0 ? Infinity : away,
    };
  }

  const RATES = SHARED.rates;

  /** The rate with which a rule takes the fewest steps to the target, or else ends lowest. */
  function tune(on, id, options) {
    const s = typeof on === "string" ? surface(on, options) : on;
    let best = null;
    for (const lr of RATES) {
      const { heights, reached } = judge(descend(s, id, { ...options, lr }), s);
      const end = heights[heights.length - 1];
      if (!best || reached < best.reached || (reached === Infinity && best.reached === Infinity && end < best.end))
        best = { lr, reached, end };
    }
    return best.lr;
  }

  // ---- The widget -----------------------------------------------------------------------------

  const MEMORY = [0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995, 0.9999];
  // few enough that a finger can tell one notch from the next
  const FADING = [...range(0, 0.8, 0.05), ...range(0.81, 0.99, 0.01)];
  // setting: [label, values, unit, rules or surfaces that use it]
  const CONTROLS = {
    kappa: ["Condition κ", decades(0, 3), "", ["bowl", "turned-bowl"]],
    angle: ["Turn", range(0, 90, 2.5), "°", ["turned-bowl"]],
    rho: ["Momentum ρ", FADING, "", ["momentum", "nesterov"]],
    decay: ["RMSProp decay", MEMORY, "", ["rmsprop"]],
    beta1: ["Adam β₁", FADING, "", ["adam"]],
    beta2: ["Adam β₂", MEMORY, "", ["adam"]],
    noise: ["Gradient noise σ", range(0, 3, 0.1), ""],
    steps: ["Run for", range(10, 500, 10), " steps"],
  };

  const swatch = ({ color, dash }) =>
    `<svg width="34" height="12" aria-hidden="true"><path d="M0 0H34V12H0" fill="#fff"/>` +
    `<path d="M3 6H31" stroke="${color}" stroke-width="2" stroke-dasharray="${dash.map((d) => d * 2)}"/></svg>`;
  let count = 0;

  function mount(figure, settings) {
    const uid = `playground-${++count}`, { predict, ...preset } = settings;
    let state, s, runs, hot = null, playing = 0;
    let guess = null, played = !predict;

    // ---- Elements ----
    const select = el("select", {},
      ...Object.entries(SURFACES).map(([id, [name]]) => el("option", { value: id }, name)));
    select.addEventListener("change", () => {
      Object.assign(state, { surface: select.value, start: null });
      if (!state.linked) state.rates = {};
      change();
    });
    const play = button("Play", () => (playing ? pause() : run()));
    play.className = "pg-play";
    const step = button("Step", () => { pause(); goTo(state.step >= state.steps ? 1 : state.step + 1); });
    const reset = button("Reset", () => { pause(); begin(); });
    const scrub = el("input", { type: "range", min: 0, "aria-label": "Moment" });
    scrub.addEventListener("input", () => {
      pause();
      const last = +scrub.value + +scrub.step > state.steps;
      goTo(last ? state.steps : +scrub.value);
    });
    const clock = el("span", { class: "pg-out" });

    const map = el("canvas", { role: "img" });
    const handle = el("div", {
      class: "pg-start", tabindex: 0, role: "application", "aria-roledescription": "movable point",
      "aria-describedby": `${uid}-hint`,
    });
    const hint = el("p", { id: `${uid}-hint`, class: "pg-hint" },
      "Drag the ring, tap the map, or focus the ring and press the arrow keys, to start elsewhere.");
    const chart = el("canvas", {
      role: "img", "aria-label": "Height above the lowest point at each step; the results are in the table.",
    });

    const rows = Object.entries(RULES).map(([id, r]) => {
      const mark = el("span");
      mark.innerHTML = swatch(r);
      const [box, label] = check([mark, r.name], (on) => {
        state.rules = Object.keys(RULES).filter((k) => (k === id ? on : state.rules.includes(k)));
        change();
      });
      const rate = slider(`${r.name}: learning rate`, RATES, "", (lr) => {
        for (const k in RULES) if (state.linked || k === id) state.rates[k] = lr;
        change();
      });
      const reached = el("td", { role: "cell" }), loss = el("td", { role: "cell" });
      const row = el("tr", {}, el("th", { scope: "row", role: "rowheader" }, label),
        el("td", { role: "cell" }, el("span", {}, rate.input, rate.output)), reached, loss);
      row.setAttribute("role", "row");
      for (const [event, to] of [["pointerenter", id], ["pointerleave", null], ["focusin", id], ["focusout", null]])
        row.addEventListener(event, () => { hot = to; redraw(); });
      return { id, row, box, rate, reached, loss };
    });
    const target = el("caption");
    // with roles: a narrow screen lays the rows out as grids, which must not end the table for a reader
    const table = el("table", { role: "table" }, target,
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" },
        ...["Rule", "Learning rate", "Steps to target", "Loss now"].map(
          (t) => el("th", { scope: "col", role: "columnheader" }, t)))),
      el("tbody", { role: "rowgroup" }, ...rows.map((r) => r.row)));
    const [oneRate, oneRateLabel] = check(["One rate for all"], (on) => {
      state.linked = on;
      const one = state.rates[state.rules[0]] ?? DEFAULTS.lr;
      if (on) for (const k in RULES) state.rates[k] = one;
      change();
    });
    const tuneButton = button("Tune each", () => {
      Object.assign(state, { linked: false, rates: {} });
      change();
    });
    tuneButton.title = "Give each rule the rate with which it takes the fewest steps";

    const controls = Object.entries(CONTROLS).map(([key, [label, values, unit, users]]) => {
      const part = slider(label, values, unit, (value) => {
        const done = state.step >= state.steps;
        if (key === "angle") state.start = null;
        state[key] = value;
        if (key === "steps" && done) state.step = value;
        change();
      });
      const box = el("div", {}, el("span", { "aria-hidden": "true" }, label), part.output, part.input);
      return { key, users, part, box };
    });
    const draw = button("", () => { state.seed++; change(); });
    const voice = Kit.announcer(() => playing);
    const announce = () => voice.say(summary);
    const link = Kit.linkButton(uid, () => Object.fromEntries(
      ["surface", "rules", "rates", "linked", "start", "seed", ...Object.keys(CONTROLS)].map((key) => [key, state[key]])));

    const question = el("fieldset");
    function ask() {
      question.replaceChildren(el("legend", {}, "Your prediction: which comes to the target first?"));
      for (const id of [...state.rules, "none"]) {
        const input = el("input", { type: "radio", name: `${uid}-guess`, value: id });
        input.checked = id === guess;
        input.addEventListener("change", () => { guess = id; });
        question.append(el("label", {}, input, id === "none" ? "None of them" : RULES[id].name));
      }
    }

    const widget = el("div", { class: "pg", role: "group", "aria-label": "Optimizer playground" },
      el("div", { class: "pg-bar" }, el("label", {}, "Surface ", select), play, step, reset,
        el("span", { class: "pg-scrub" }, scrub, clock)),
      ...(predict ? [question] : []),
      el("div", { class: "pg-views" }, el("div", { class: "pg-map" }, map, handle), chart),
      voice.node, hint, table, el("div", { class: "pg-bar" }, oneRateLabel, tuneButton, link),
      el("div", { class: "pg-controls" }, ...controls.map((c) => c.box), draw));

    // ---- State ----
    function begin() {
      const { lr, ...rest } = preset;
      state = { ...DEFAULTS, ...rest, rates: {}, linked: typeof lr === "number", step: 0 };
      guess = null;
      played = !predict;
      if (played) state.step = state.steps;
      for (const k in RULES) if (lr) state.rates[k] = state.linked ? lr : lr[k];
      change();
    }
    /** What a link asks for, as far as it makes sense. */
    function takeUp(given) {
      if (Object.hasOwn(SURFACES, given.surface)) state.surface = given.surface;
      if (Array.isArray(given.rules)) state.rules = Object.keys(RULES).filter((id) => given.rules.includes(id));
      if (given.rates) Object.assign(state.rates, Kit.numbers(given.rates, Object.fromEntries(Object.keys(RULES).map((id) => [id, RATES]))));
      if (typeof given.linked === "boolean") state.linked = given.linked;
      if (Array.isArray(given.start) && given.start.length === 2 && given.start.every((x) => Math.abs(x) <= 10)) state.start = given.start;
      if (Number.isInteger(given.seed)) state.seed = given.seed;
      Object.assign(state, Kit.numbers(given, Object.fromEntries(Object.entries(CONTROLS).map(([key, [, values]]) => [key, values]))));
      state.step = played ? state.steps : 0;
      change();
    }
    function change() {
      s = surface(state.surface, state);
      state.start = state.start || s.start;
      state.step = Math.min(state.step, state.steps);
      runs = {};
      for (const id of state.rules) {
        state.rates[id] ??= tune(s, id, state); // only what is switched on costs anything
        const path = descend(s, id, { ...state, lr: state.rates[id] });
        runs[id] = { path, ...judge(path, s) };
      }
      if (predict) ask();
      redraw();
      announce();
    }
    function goTo(t) {
      state.step = t;
      redraw();
      if (t >= state.steps) played = true;
      if (!playing) announce();
    }
    function run() {
      if (state.step >= state.steps) state.step = 0;
      if (Kit.still()) return goTo(state.steps);
      const from = state.step, perSecond = Math.max(12, state.steps / 6);
      let began = 0;
      const tick = (now) => {
        began = began || now;
        const t = Math.min(state.steps, from + Math.floor(((now - began) / 1000) * perSecond));
        if (t >= state.steps) pause();
        else playing = requestAnimationFrame(tick);
        if (t !== state.step) goTo(t);
      };
      playing = requestAnimationFrame(tick);
      play.textContent = "Pause";
    }
    function pause() {
      cancelAnimationFrame(playing);
      playing = 0;
      play.textContent = "Play";
    }
    function moveTo(x, y) {
      const w = view();
      state.start = [Math.min(w.x1, Math.max(w.x0, x)), Math.min(w.y1, Math.max(w.y0, y))];
      change();
    }

    // ---- Words ----
    const names = (ids) => ids.map((id) => RULES[id].name).join(", ").replace(/, (?!.*,)/, " and ");
    const verdict = (id) => {
      const { reached, diverged } = runs[id];
      if (diverged <= state.step) return `diverged at step ${diverged}`;
      return reached <= state.step ? String(reached) : state.step < state.steps ? "…" : `not in ${state.steps}`;
    };
    function summary() {
      if (!state.rules.length) return "Choose at least one rule.";
      if (!played) return "Choose your prediction, then press Play.";
      if (state.step < state.steps) return `Step ${state.step} of ${state.steps}.`;
      const first = Math.min(...state.rules.map((id) => runs[id].reached));
      const winners = state.rules.filter((id) => runs[id].reached === first && first < Infinity);
      const said = guess && `You predicted ${guess === "none" ? "none of them" : RULES[guess].name}. `;
      const lost = state.rules.filter((id) => runs[id].diverged < Infinity);
      return (said || "") +
        (winners.length ? `First at the target: ${names(winners)}, after ${first} steps.`
          : `None is at the target after ${state.steps} steps.`) +
        (lost.length ? ` Diverged: ${names(lost)}.` : "");
    }

    // ---- Drawing ----
    const view = () => Kit.fit(s.extent, map.clientWidth || 1, map.clientHeight || 1);
    // A path from points in pixels: a pale border, the dashed line, a dot at each step, its head.
    function stroke(ctx, id, points, dots) {
      const { color, dash } = RULES[id], clamp = (q) => Math.max(-4000, Math.min(4000, q));
      ctx.globalAlpha = hot && hot in runs && hot !== id ? 0.2 : 1;
      ctx.beginPath();
      for (const [x, y] of points) ctx.lineTo(clamp(x), clamp(y));
      ctx.setLineDash([]);
      ctx.lineWidth = 4.5;
      ctx.strokeStyle = Kit.color("#fff");
      ctx.globalAlpha *= 0.7;
      ctx.stroke();
      ctx.globalAlpha /= 0.7;
      ctx.setLineDash(dash.map((d) => d * 2));
      ctx.lineWidth = 2;
      ctx.strokeStyle = ctx.fillStyle = Kit.color(color);
      ctx.stroke();
      ctx.setLineDash([]);
      const dot = ([x, y], r) => { ctx.beginPath(); ctx.arc(x, y, r, 0, 7); ctx.fill(); };
      if (dots) for (const p of points) dot(p, 2);
      ctx.strokeStyle = Kit.color("#fff");
      if (points.length > 1) {
        dot(points[points.length - 1], 4.5);
        ctx.stroke();
      }
      ctx.globalAlpha = 1;
    }
    const until = (id) => runs[id].path.slice(0, Math.min(state.step, runs[id].diverged) + 1);
    function text(ctx, words, x, y, align = "left") {
      ctx.textAlign = align;
      ctx.fillStyle = Kit.color("#333");
      ctx.fillText(words, x, y);
    }
    function drawMap() {
      const [ctx, w, h] = prepare(map), v = view(), { f } = s, low = lowest(s);
      const at = ([x, y]) => [(x - v.x0) / v.unit, (v.y1 - y) / v.unit];
      under(ctx, v, (x, y) => f(x, y) - low, [state.surface, state.kappa, state.angle]);
      for (const id of [...state.rules].sort((p, q) => (p === hot) - (q === hot)))
        stroke(ctx, id, until(id).map(at), true);
      for (const m of s.minima) {
        const [x, y] = at(m);
        Kit.star(ctx, x, y, RULES.adagrad.color);
      }
      ctx.font = "italic 13px serif";
      text(ctx, "w₁ →", w - 8, h - 8, "right");
      text(ctx, "w₂ ↑", 8, 18);
      const [x, y] = at(state.start);
      handle.style.transform = `translate(${x}px, ${y}px)`;
    }
    function drawChart() {
      const [ctx, w, h] = prepare(chart), left = 46, bottom = h - 22, top = 24, right = w - 10;
      const x = (t) => left + (t / state.steps) * (right - left);
      const y = (v) => top + ((1 - Math.log10(Math.max(v, 1e-6))) / 6) * (bottom - top); // 10 to 10^-5
      ctx.fillStyle = Kit.color("#fff");
      ctx.fillRect(0, 0, w, h);
      ctx.font = "11px system-ui, sans-serif";
      ctx.lineWidth = 1;
      ["", "100%", "10%", "1%", "0.1%", "0.01%", ""].forEach((label, i) => {
        const v = 10 ** (1 - i);
        ctx.strokeStyle = Kit.color(i === 3 ? "#333" : "#ddd");
        ctx.beginPath();
        ctx.moveTo(left, y(v));
        ctx.lineTo(right, y(v));
        ctx.stroke();
        if (h > 180 || i % 2) text(ctx, label, left - 6, y(v) + 4, "right");
      });
      text(ctx, "height above the lowest point", 8, 14);
      text(ctx, "target", right, y(TARGET) - 4, "right");
      text(ctx, "0", left, h - 7);
      text(ctx, `${state.steps} steps`, right, h - 7, "right");
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, right - left + 6, bottom - top);
      ctx.clip();
      for (const id of [...state.rules].sort((p, q) => (p === hot) - (q === hot)))
        stroke(ctx, id, until(id).map((_, t) => [x(t), y(runs[id].heights[t])]), false);
      ctx.restore();
    }
    const redraw = Kit.painter(paint), under = Kit.ground(redraw);
    function paint() {
      const low = lowest(s), top = s.f(...state.start) - low;
      if (Kit.drawable(map)) {
        drawMap();
        drawChart();
      }
      select.value = state.surface;
      scrub.max = state.steps;
      scrub.step = Math.ceil(state.steps / 40);
      scrub.value = state.step;
      write(clock, `step ${state.step} of ${state.steps}`);
      mark(scrub, "aria-valuetext", clock.textContent);
      mark(handle, "aria-label", `Start point, w1 ${show(state.start[0])}, w2 ${show(state.start[1])}`);
      mark(map, "aria-label", `Map of the loss (${SURFACES[state.surface][0].toLowerCase()}) ` +
        `with the paths of ${names(state.rules) || "no rule"}; the results are in the table.`);
      write(target, "Target: 1% of the start’s height above the lowest point, " +
        `that is a loss of ${show(low + TARGET * top)} or less, for good.`);
      for (const { id, row, box, rate, reached, loss } of rows) {
        const on = id in runs;
        row.className = on ? "" : "pg-off";
        box.checked = on;
        rate.input.disabled = !on;
        rate.put(state.rates[id]);
        write(reached, on ? verdict(id) : "");
        write(loss, on ? show(low + runs[id].heights[state.step] * (top || 1)) : "");
      }
      oneRate.checked = state.linked;
      for (const { key, users, part, box } of controls) {
        box.hidden = users && !users.some((u) => u === state.surface || state.rules.includes(u));
        part.put(state[key]);
      }
      draw.hidden = !state.noise;
      write(draw, `New noise (seed ${state.seed})`);
    }

    // ---- The start point ----
    const toPoint = (event) => {
      const box = map.getBoundingClientRect(), v = view();
      return [v.x0 + (event.clientX - box.left) * v.unit, v.y1 - (event.clientY - box.top) * v.unit];
    };
    map.addEventListener("click", (event) => moveTo(...toPoint(event)));
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
    handle.addEventListener("pointermove", (event) => {
      if (handle.hasPointerCapture(event.pointerId)) moveTo(...toPoint(event));
    });
    handle.addEventListener("keydown", (event) => {
      const [dx, dy] = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key] || [];
      if (dx === undefined) return;
      event.preventDefault();
      const far = view().unit * (event.shiftKey ? 40 : 8);
      moveTo(state.start[0] + dx * far, state.start[1] + dy * far);
    });

    begin();
    takeUp(Kit.linked(uid));
    Kit.mount(figure, widget, redraw);
  }

  window.Playground = { surface, descend, judge, tune, SURFACES, RULES, RATES, DEFAULTS };
  for (const script of document.querySelectorAll("script.playground-settings"))
    mount(script.closest("figure"), JSON.parse(script.textContent));
})();
