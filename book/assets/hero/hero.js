/* The home page's picture, moving: six rules, the same crowd of starting points, one bent valley.
 *
 * book/extensions/hero.py draws the static figure and finds the rates; tests/test_hero.py holds the
 * counts of this script equal to the figure's.
 */
(function () {
  "use strict";
  const { el, write, button } = Kit, { descend, surface, RULES } = Playground;
  const NEAR = 0.1, valley = surface("curved-valley", {});
  const FACTORS = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.4, 2, 3, 5, 10];

  const starts = (count) =>
    Array.from({ length: count }, (_, i) => {
      const angle = (2 * Math.PI * i) / count;
      return [1.75 * Math.cos(angle), 0.7 + 1.45 * Math.sin(angle)];
    });

  /** The path of each start under a rule. */
  const crowd = (rule, { steps, count }, lr) =>
    starts(count).map((start) => descend(valley, rule, { start, steps, lr }));
  const arrived = (paths) =>
    paths.filter((path) => Math.hypot(path.at(-1)[0] - 1, path.at(-1)[1] - 1) < NEAR).length;

  function mount(figure, settings) {
    const { rates, steps, count } = settings, rules = Object.keys(rates);
    let factor = 1, step = steps, playing = 0, paths = {};

    const panels = rules.map((id) => {
      const canvas = el("canvas", { role: "img" }), words = el("p", { class: "hero-words" });
      return { id, canvas, words, box: el("div", {}, words, el("div", { class: "hero-map" }, canvas)) };
    });
    const play = button("Play", () => (playing ? pause() : run()));
    play.className = "pg-play";
    const scale = Kit.slider("All six learning rates, times", FACTORS, " × the best rates", (value) => {
      factor = value;
      compute();
      run();
    });
    const voice = Kit.announcer(() => playing);
    const widget = el("div", { class: "pg hero", role: "group", "aria-label": "Six rules, sixty starting points" },
      el("div", { class: "hero-panels" }, ...panels.map((p) => p.box)),
      el("div", { class: "pg-bar" }, play, el("span", { class: "pg-scrub" }, scale.input, scale.output)), voice.node);

    const count_ = (id) => arrived(paths[id]);
    function compute() {
      paths = Object.fromEntries(rules.map((id) => [id, crowd(id, settings, rates[id] * factor)]));
    }
    function summary() {
      const order = [...rules].sort((p, q) => count_(q) - count_(p));
      return `${scale.output.textContent}: ` +
        order.map((id) => `${RULES[id].name} ${count_(id)}`).join(", ") + ` of ${count} arrive.`;
    }
    function run() {
      pause();
      if (Kit.still()) { step = steps; redraw(); voice.say(summary); return; }
      let began = 0;
      const tick = (now) => {
        began ||= now;
        step = Math.min(steps, Math.floor((now - began) / 45));
        if (step >= steps) { pause(); voice.say(summary); } else playing = requestAnimationFrame(tick);
        redraw();
      };
      playing = requestAnimationFrame(tick);
      play.textContent = "Pause";
    }
    function pause() {
      cancelAnimationFrame(playing);
      playing = 0;
      play.textContent = "Play";
    }
    function paint() {
      scale.put(factor);
      for (const { id, canvas, words } of panels) {
        write(words, `${RULES[id].name}: ${step < steps ? "…" : count_(id)} of ${count} arrive`);
        Kit.mark(canvas, "aria-label", `Paths of ${RULES[id].name} on the valley.`);
        if (!Kit.drawable(canvas)) continue;
        const [ctx, w, h] = Kit.prepare(canvas), v = Kit.fit(valley.extent, w, h);
        under(ctx, v, valley.f, "valley");
        const at = ([x, y]) => [
          Math.max(-999, Math.min(9999, (x - v.x0) / v.unit)), Math.max(-999, Math.min(9999, (v.y1 - y) / v.unit))];
        ctx.strokeStyle = ctx.fillStyle = Kit.color(RULES[id].color);
        ctx.lineWidth = 0.8;
        for (const path of paths[id]) {
          const away = path.findIndex(([x, y]) => !(Math.abs(x) < 9 && Math.abs(y) < 9));
          const shown = path.slice(0, Math.min(step + 1, away < 0 ? Infinity : away)).map(at);
          if (!shown.length) continue;
          ctx.globalAlpha = 0.5;
          ctx.beginPath();
          for (const p of shown) ctx.lineTo(...p);
          ctx.stroke();
          ctx.globalAlpha = 1;
          ctx.beginPath();
          ctx.arc(...shown.at(-1), 2.2, 0, 7);
          ctx.fill();
        }
        const [x, y] = at([1, 1]);
        Kit.star(ctx, x, y, RULES.adagrad.color, 7);
      }
    }
    const redraw = Kit.painter(paint), under = Kit.ground(redraw);
    compute();
    scale.put(factor);
    Kit.mount(figure, widget, redraw);
    if (!Kit.still()) {
      const seen = new IntersectionObserver((entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        run();
      }, { threshold: 0.4 });
      seen.observe(widget);
    }
  }

  window.Hero = { crowd, arrived, starts };
  for (const script of document.querySelectorAll("script.hero-settings"))
    mount(script.closest("figure"), JSON.parse(script.textContent));
})();
