/* What the book's things to play with share: native controls, sharp canvases in the page's colors,
 * numbers in words, one announcement at a time, and links that restore a state.
 */
window.Kit = (function () {
  "use strict";

  const round = (x) => Number(x.toPrecision(3));
  const range = (from, to, by) =>
    Array.from({ length: Math.round((to - from) / by) + 1 }, (_, i) => round(from + i * by));
  const decades = (from, to) => {
    const list = [];
    for (let k = from; k < to; k++)
      for (const m of [1, 1.25, 1.6, 2, 2.5, 3.15, 4, 5, 6.3, 8]) list.push(round(m * 10 ** k));
    return [...list, 10 ** to];
  };
  const nearest = (values, x) =>
    values.reduce((best, v, i) => (Math.abs(v - x) < Math.abs(values[best] - x) ? i : best), 0);

  /** A number for the eye: three digits, a true minus. */
  const show = (x) => {
    const text = x !== 0 && (Math.abs(x) < 1e-3 || Math.abs(x) >= 1e5) ? x.toExponential(1) : String(round(x));
    return Number.isFinite(x) ? text.replace(/-/g, "−") : "∞";
  };

  const el = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  /** Write only what has changed: assistive technology hears of every write. */
  const write = (node, text) => {
    if (node.textContent !== text) node.textContent = text;
  };
  const mark = (node, name, value) => {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  };

  /** A range input over a list of values, with its value in words. */
  function slider(label, values, unit, set) {
    const input = el("input", { type: "range", min: 0, max: values.length - 1, "aria-label": label });
    const output = el("span", { class: "pg-out" });
    input.addEventListener("input", () => set(values[input.value]));
    return {
      input, output,
      put(value) {
        const at = String(value === undefined ? 0 : nearest(values, value));
        if (input.value !== at) input.value = at;
        write(output, value === undefined ? "" : show(value) + unit);
        mark(input, "aria-valuetext", output.textContent);
      },
    };
  }
  /** A slider under its label, as the widgets have them in a grid. */
  function labelled(label, values, unit, set) {
    const part = slider(label, values, unit, set);
    return { ...part, box: el("div", {}, el("span", { "aria-hidden": "true" }, label), part.output, part.input) };
  }
  const button = (text, act) => {
    const node = el("button", { type: "button" }, text);
    node.addEventListener("click", act);
    return node;
  };
  const check = (text, act) => {
    const input = el("input", { type: "checkbox" });
    input.addEventListener("change", () => act(input.checked));
    return [input, el("label", {}, input, ...text)];
  };

  /** A line that says, once things have settled, what the words are then; nothing if they are as before. */
  function announcer(busy = () => false) {
    const node = el("p", { role: "status", class: "pg-status" });
    let waiting = 0;
    return {
      node,
      say(words) {
        clearTimeout(waiting);
        waiting = setTimeout(() => { if (!busy()) write(node, words()); }, 500);
      },
    };
  }

  // What a canvas draws in has the name of its color on white paper; these are the colors on a dark page
  // (as book/extensions/light.py gives them to drawings). Forced colors bring their own ink and paper.
  const DARK = {
    "#ffffff": "#121212", "#000000": "#dfe3ea", "#333333": "#dfe3ea", "#555555": "#aab2bd", "#dddddd": "#3b414a",
    "#e4e4e4": "#2b3038", "#0072b2": "#7f9bff", "#009e73": "#2fc59a", "#d55e00": "#ff8a3d",
  };
  const root = document.documentElement, forced = matchMedia("(forced-colors: active)");
  let colors = {}, dark = false, scheme = "light";
  function readScheme() {
    dark = root.dataset.theme === "dark";
    colors = dark ? DARK : {};
    scheme = String(dark);
    if (!forced.matches) return; // to ask for a computed style is to lay out the page
    const probe = el("span", { style: "forced-color-adjust: none; background: Canvas; color: CanvasText" });
    document.body.append(probe);
    const { backgroundColor: paper, color: ink } = getComputedStyle(probe);
    probe.remove();
    dark = paper.match(/[\d.]+/g).slice(0, 3).reduce((sum, part) => sum + +part, 0) < 380;
    colors = { ...(dark ? DARK : {}), "#ffffff": paper, "#000000": ink, "#333333": ink };
    scheme = [paper, ink].join();
  }
  /** The color of this name on the page as it is now. */
  const color = (name) => {
    const full = (name.length === 4 ? name.replace(/[^#]/g, "$&$&") : name).toLowerCase();
    return colors[full] ?? full;
  };
  /** The same for a pixel [red, green, blue] of a map: on a dark page its lightness is turned round. */
  const tone = (pixel) => {
    if (!dark) return pixel;
    const turn = 255 - Math.max(...pixel) - Math.min(...pixel);
    return pixel.map((part) => 18 + ((part + turn) * 237) / 255);
  };

  /** A context in CSS pixels, sharp on dense screens: [context, width, height, ratio]. */
  function prepare(canvas) {
    const ratio = Math.min(2, window.devicePixelRatio || 1), w = canvas.clientWidth, h = canvas.clientHeight;
    if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) {
      canvas.width = Math.round(w * ratio);
      canvas.height = Math.round(h * ratio);
    }
    const ctx = canvas.getContext("2d");
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.lineJoin = "round";
    return [ctx, w, h, ratio];
  }
  /** Call `paint` once in the next frame, however often it is asked for. */
  function painter(paint) {
    let frame = 0;
    return () => {
      frame ||= requestAnimationFrame(() => { frame = 0; paint(); }); // one that is put off might never come
    };
  }
  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  // cividis (matplotlib), mixed with the page's paper so that every path stands out on it
  const CIVIDIS = ["#00224e", "#35456c", "#666970", "#948e77", "#c8b866", "#fee838"].map((hex) =>
    [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const BANDS = 16;
  /** Filled bands of log height with a thin line between them; `height0` is 0 at the lowest point. A generator
   * that makes one row at a time and returns the canvas. */
  function* terrain(height0, v, width, height, ratio) {
    const canvas = el("canvas", { width, height }), ctx = canvas.getContext("2d");
    const image = ctx.createImageData(width, height), pixels = new Uint32Array(image.data.buffer), px = v.unit / ratio;
    const [paper, edge] = dark ? [10, 110] : [255, 0]; // what the colors are mixed with; of the thin line
    const fine = Array.from({ length: BANDS }, (_, band) => {
      const at = (5 * band) / (BANDS - 1), n = Math.min(4, Math.floor(at));
      return CIVIDIS[n].map((part, c) => 0.5 * (part + (at - n) * (CIVIDIS[n + 1][c] - part) + paper));
    });
    const word = (r, g, b) => (255 << 24) | ((b + 0.5) << 16) | ((g + 0.5) << 8) | (r + 0.5);
    const flat = fine.map((band) => word(...band));
    const sample = Array.from({ length: 900 }, (_, i) =>
      height0(v.x0 + ((i % 30) / 29) * (v.x1 - v.x0), v.y0 + (((i / 30) | 0) / 29) * (v.y1 - v.y0)));
    sample.sort((p, q) => p - q);
    const soft = 0.01 * sample[450], bottom = Math.log(soft), scale = BANDS / (Math.log(sample[890] + soft) - bottom);
    let here = new Float64Array(width + 1), below = new Float64Array(width + 1); // levels of this row and the next
    const measure = (row, j) => {
      for (let i = 0; i <= width; i++)
        row[i] = (Math.log(height0(v.x0 + i * px, v.y1 - j * px) + soft) - bottom) * scale;
    };
    const fill = (j) => {
      for (let i = 0, out = j * width; i < width; i++, out++) { // plain: this is most of what the page does when it opens
        const z = here[i], level = Math.max(0, Math.min(BANDS - 1, Math.floor(z)));
        const right = here[i + 1] - z, down = below[i] - z, off = Math.abs(z - Math.round(z));
        const slope2 = (right * right + down * down) * ratio * ratio;
        pixels[out] = flat[level];
        if (off * off >= slope2) continue; // no line here
        const line = 0.3 * (1 - off / Math.sqrt(slope2)), rest = 1 - line, add = edge * line, [r, g, b] = fine[level];
        pixels[out] = word(r * rest + add, g * rest + add, b * rest + add);
      }
    };
    measure(here, 0);
    for (let j = 0; j < height; j++) {
      measure(below, j + 1);
      fill(j);
      [here, below] = [below, here];
      yield;
    }
    ctx.putImageData(image, 0, 0);
    return canvas;
  }
  /** What lies under the paths of a map: a function that puts a surface's terrain on the map. As the terrain
   * takes a while, the page goes on meanwhile: the last one stays until `redraw` is called for the new one.
   * `key` names the surface. One terrain serves all maps whose sizes differ by no more than rounding does. */
  function ground(redraw) {
    const SLICE = 6, ROUNDING = 2; // milliseconds at a time; a pixel of the page, on a dense screen
    let last = {}, busy = false;
    function work(surface, rows) {
      const until = performance.now() + SLICE;
      let row;
      do row = rows.next(); while (!row.done && performance.now() < until);
      if (!row.done) return setTimeout(work, 0, surface, rows);
      last = { surface, canvas: row.value };
      busy = false;
      redraw();
    }
    const fits = (surface, { width, height }) => last.surface === surface &&
      Math.abs(last.canvas.width - width) <= ROUNDING && Math.abs(last.canvas.height - height) <= ROUNDING;
    return (ctx, v, height0, key) => {
      const { canvas } = ctx, { width, height, clientWidth: w, clientHeight: h } = canvas;
      const surface = [key, scheme].join();
      if (!busy && !fits(surface, canvas)) {
        busy = true;
        setTimeout(work, 0, surface, terrain(height0, v, width, height, width / w));
      }
      ctx.fillStyle = color("#fff");
      ctx.fillRect(0, 0, w, h);
      if (last.canvas) ctx.drawImage(last.canvas, 0, 0, w, h);
    };
  }
  /** The window [x0, x1, y0, y1] widened to a canvas's shape at equal scales. */
  function fit([a, b, c, d], w, h) {
    const unit = Math.max((b - a) / w, (d - c) / h), x = (a + b) / 2, y = (c + d) / 2;
    return { unit, x0: x - (unit * w) / 2, x1: x + (unit * w) / 2, y0: y - (unit * h) / 2, y1: y + (unit * h) / 2 };
  }
  function star(ctx, x, y, name, size = 10) {
    ctx.beginPath();
    for (let i = 0; i < 10; i++) {
      const r = i % 2 ? 0.4 * size : size, a = (i * Math.PI) / 5;
      ctx.lineTo(x + r * Math.sin(a), y - r * Math.cos(a));
    }
    ctx.closePath();
    ctx.lineWidth = 2.5;
    ctx.strokeStyle = color("#fff");
    ctx.stroke();
    ctx.fillStyle = color(name);
    ctx.fill();
  }

  const near = new WeakSet(), mounted = [];
  /** Put a widget in a figure, in place of its picture. It is drawn once it comes near the screen, and again
   * when its size or the page's colors change. */
  function mount(figure, widget, redraw) {
    figure.classList.add("playground-on");
    figure.insertBefore(widget, figure.querySelector("figcaption"));
    new ResizeObserver(redraw).observe(widget);
    const watch = new IntersectionObserver((entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      watch.disconnect();
      near.add(widget);
      redraw();
    }, { rootMargin: "100px" });
    watch.observe(widget);
    mounted.push(redraw);
  }
  /** Whether there is somebody to draw for: nobody on paper (width 0), nor far from the screen. */
  const drawable = (canvas) => near.has(canvas.closest(".pg")) && canvas.clientWidth > 0;
  const recolor = () => { readScheme(); mounted.forEach((redraw) => redraw()); };
  readScheme();
  new MutationObserver(recolor).observe(root, { attributeFilter: ["data-theme"] });
  forced.addEventListener("change", recolor);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolor);

  /** The state that the page's address holds for a widget, {} if none. */
  function linked(id) {
    try {
      const state = JSON.parse(new URLSearchParams(location.search).get(id));
      return state && typeof state === "object" ? state : {};
    } catch {
      return {};
    }
  }
  /** A button that puts the widget's state into the page's address, and copies that. */
  function linkButton(id, state) {
    const copy = button("Link to this", async () => {
      const url = new URL(location.href);
      url.searchParams.set(id, JSON.stringify(state()));
      url.hash = copy.closest("figure").id;
      history.replaceState(null, "", url);
      const copied = await navigator.clipboard?.writeText(url.href).then(() => true, () => false);
      copy.textContent = copied ? "Link copied" : "See the address bar";
      setTimeout(() => (copy.textContent = "Link to this"), 2000);
    });
    return copy;
  }
  /** Those of `given` that are numbers within what `values` spans, by their keys. */
  const numbers = (given, values) =>
    Object.fromEntries(Object.entries(values)
      .filter(([key, list]) => Number.isFinite(given[key]) && given[key] >= Math.min(...list) && given[key] <= Math.max(...list))
      .map(([key]) => [key, given[key]]));

  /** Uniform numbers in [0, 1) (mulberry32), the same for a seed. */
  function uniform(seed) {
    return () => {
      seed = (seed + 0x6d2b79f5) | 0;
      let z = Math.imul(seed ^ (seed >>> 15), 1 | seed);
      z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
      return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
    };
  }

  const INK = "#333", PAPER = "#fff", GRID = "#ddd";
  /** Words with a rim of paper, so that no line runs through them. */
  function text(ctx, words, x, y, align = "left") {
    ctx.save();
    ctx.setLineDash([]);
    ctx.lineWidth = 4;
    ctx.textAlign = align;
    ctx.strokeStyle = color(PAPER);
    ctx.fillStyle = color(INK);
    ctx.strokeText(words, x, y);
    ctx.fillText(words, x, y);
    ctx.restore();
  }
  /** Axes on a canvas: {x: [from, to], y: [from, to], xTicks, yTicks, title, xName, log}. Returns the
   * context and the functions from values to pixels; drawing is clipped to the axes. */
  function axes(canvas, { x: [a, b], y: [c, d], xTicks, yTicks, title, xName, log = false }) {
    const [ctx, w, h] = prepare(canvas), left = 44, right = w - 10, top = 24, bottom = h - 30;
    const f = log ? (v) => Math.log10(Math.max(v, 1e-300)) : (v) => v;
    const x = (v) => left + ((v - a) / (b - a)) * (right - left);
    const y = (v) => bottom - ((f(v) - f(c)) / (f(d) - f(c))) * (bottom - top);
    ctx.fillStyle = color(PAPER);
    ctx.fillRect(0, 0, w, h);
    ctx.font = "12px system-ui, sans-serif";
    ctx.lineWidth = 1;
    ctx.setLineDash([]);
    ctx.strokeStyle = color(GRID);
    for (const v of yTicks) {
      ctx.beginPath();
      ctx.moveTo(left, y(v));
      ctx.lineTo(right, y(v));
      ctx.stroke();
      text(ctx, show(v), left - 6, y(v) + 4, "right");
    }
    for (const v of xTicks) {
      const half = ctx.measureText(show(v)).width / 2 + 2; // the last one stays on the canvas
      text(ctx, show(v), Math.min(x(v), w - half), bottom + 14, "center");
    }
    text(ctx, title, 6, 14);
    text(ctx, xName, right, bottom + 26, "right");
    ctx.save();
    ctx.beginPath();
    ctx.rect(left - 1, top - 6, right - left + 4, bottom - top + 8);
    ctx.clip();
    return { ctx, x, y, value: (px, py) => [a + ((px - left) / (right - left)) * (b - a), c + ((bottom - py) / (bottom - top)) * (d - c)], box: { left, right, top, bottom } };
  }
  /** A line through points [x, y], with a name at its last point. */
  function line({ ctx, x, y }, points, name, dash = [], dots = false) {
    const clamp = (v) => Math.max(-5000, Math.min(5000, v));
    ctx.beginPath();
    for (const [p, q] of points) ctx.lineTo(clamp(x(p)), clamp(y(q)));
    ctx.setLineDash(dash);
    ctx.lineWidth = 2;
    ctx.strokeStyle = ctx.fillStyle = color(name);
    ctx.stroke();
    ctx.setLineDash([]);
    if (dots)
      for (const [p, q] of points) {
        ctx.beginPath();
        ctx.arc(clamp(x(p)), clamp(y(q)), 2.2, 0, 7);
        ctx.fill();
      }
  }

  /**
   * Put an explorable in place of each figure of its name. `about` has: name (for a screen reader), target
   * (words), controls {key: [label, values, unit, first]}, views [canvas's words], compute(state), paint(canvases,
   * state, result, under), where `under` is its `ground`, rows(state, result) for the table, verdict(state, result),
   * and, where the first canvas is an instrument, point(x, y, canvas, state, pressed) -> a part of the state. It may
   * have: kept {key: [values, first]}, state without a slider; follow(state, key) -> what else a change of a key
   * changes; buttons [[words, (state) -> a part of the state]].
   */
  function explorable(kind, about) {
    const kept = about.kept ?? {};
    const values = { ...Object.fromEntries(Object.entries(about.controls).map(([key, [, list]]) => [key, list])),
      ...Object.fromEntries(Object.entries(kept).map(([key, [list]]) => [key, list])) };
    document.querySelectorAll(`script.${kind}-settings`).forEach((script, i) => {
      const figure = script.closest("figure"), id = `${kind}-${i + 1}`;
      const first = () => ({ ...Object.fromEntries(Object.entries(about.controls).map(([key, [, , , start]]) => [key, start])),
        ...Object.fromEntries(Object.entries(kept).map(([key, [, start]]) => [key, start])) });
      let state = { ...first(), ...numbers(linked(id), values) }, result;
      const parts = Object.entries(about.controls).map(([key, [label, list, unit]]) => {
        const part = labelled(label, list, unit, (value) => take({ [key]: value }, key));
        return { key, part };
      });
      const canvases = about.views.map((words) => el("canvas", { role: "img", "aria-label": words }));
      // with roles: a narrow screen lays the rows out as grids, which must not end the table for a reader
      const body = el("tbody", { role: "rowgroup" });
      const table = el("table", { role: "table" }, el("caption", {}, about.target), body);
      const voice = announcer();
      const reset = button("Reset", () => { state = first(); change(); });
      const buttons = (about.buttons ?? []).map(([words, part]) => button(words, () => take(part(state), words)));
      const redraw = painter(() => {
        for (const { key, part } of parts) part.put(state[key]);
        const rows = about.rows(state, result);
        rows.forEach(([name, value], at) => {
          const row = body.rows[at] ?? body.appendChild(el("tr", { role: "row" }, el("th", { scope: "row", role: "rowheader" }), el("td", { role: "cell" })));
          write(row.cells[0], name);
          write(row.cells[1], typeof value === "number" ? show(value) : value);
        });
        if (drawable(canvases[0])) about.paint(canvases, state, result, under);
      });
      const under = ground(redraw);
      function take(part, key) {
        Object.assign(state, part);
        Object.assign(state, about.follow?.(state, key));
        change();
      }
      function change() {
        result = about.compute(state);
        redraw();
        voice.say(() => about.verdict(state, result));
      }
      const widget = el("div", { class: "pg pg-explorable", role: "group", "aria-label": about.name },
        el("div", { class: "pg-controls" }, ...parts.map(({ part }) => part.box)),
        el("div", { class: `pg-pair pg-pair-${canvases.length}` }, ...canvases.map((canvas) => el("div", {}, canvas))),
        voice.node, table, el("div", { class: "pg-bar" }, ...buttons, reset, linkButton(id, () => state)));
      if (about.point) {
        const point = (event, pressed = false) => {
          const box = canvases[0].getBoundingClientRect();
          take(about.point(event.clientX - box.left, event.clientY - box.top, canvases[0], state, pressed), "point");
        };
        canvases[0].classList.add("pg-point");
        canvases[0].addEventListener("pointerdown", (event) => { canvases[0].setPointerCapture(event.pointerId); point(event, true); });
        canvases[0].addEventListener("pointermove", (event) => { if (canvases[0].hasPointerCapture(event.pointerId)) point(event); });
      }
      change();
      mount(figure, widget, redraw);
    });
  }

  return {
    text, axes, line, explorable, round, range, decades, nearest, show, el, write, mark, slider, labelled, button, check, announcer,
    color, tone, scheme: () => scheme, drawable, prepare, painter, still, ground, fit, star, mount, linked, linkButton, numbers, uniform,
  };
})();
