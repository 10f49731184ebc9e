// Mends what the theme leaves out for readers who use a keyboard or a screen reader.
(function () {
  "use strict";

  const all = (selector) => document.querySelectorAll(selector);

  // A landmark for the side bar.
  for (const sidebar of all("#pst-primary-sidebar")) {
    sidebar.setAttribute("role", "navigation");
    sidebar.setAttribute("aria-label", "Book");
  }

  // A control's name must contain the text that it shows: the text alone will do.
  for (const control of all(".search-button-field, details > summary")) {
    control.removeAttribute("aria-label");
  }

  // Nor do the icons in it need names: Font Awesome would read them out.
  for (const icon of all(".theme-switch-button i")) {
    icon.removeAttribute("title");
  }

  // The bibliography's roles are deprecated, and a list of its kind may not hold anchors.
  for (const part of all(".citation-list, .citation")) {
    part.removeAttribute("role");
  }

  // What scrolls sideways can be scrolled from the keyboard. A box is looked at once it is laid out and when its
  // size changes; all of them, also those far from the screen (course.css), when the keyboard is first used.
  const boxes = all("main :is(pre, .katex-display, .pst-scrollable-table-container, :is(p, li, dd) .katex)");
  function reach(box) {
    const wide = box.clientWidth > 0 && box.scrollWidth > box.clientWidth; // in a line a formula has no width
    if (wide === (box.getAttribute("tabindex") === "0")) return;
    if (wide) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => reach(target)));
  for (const box of boxes) watch.observe(box);
  addEventListener("keydown", () => boxes.forEach(reach), { capture: true, once: true });

  // A page that is loaded again opens where it was left, though the sections above have not been laid out yet.
  const sections = [...all("article > section > section")];
  addEventListener("pagehide", () => {
    const index = sections.findIndex((section) => section.getBoundingClientRect().bottom > 0);
    const place = index < 0 ? null : [index, sections[index].getBoundingClientRect().top];
    sessionStorage.setItem("place", JSON.stringify(place));
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted || performance.getEntriesByType("navigation")[0]?.type !== "reload") return;
    const [index, top] = JSON.parse(sessionStorage.getItem("place")) ?? [];
    const section = sections[index];
    // The browser scrolls too, and the sections there are laid out one after another: for a second, or until the
    // reader scrolls, each frame is put right.
    let until = section ? performance.now() + 1000 : 0;
    const hold = () => {
      if (performance.now() > until) return;
      scrollBy({ top: section.getBoundingClientRect().top - top, behavior: "instant" });
      requestAnimationFrame(hold);
    };
    hold();
    for (const act of ["wheel", "touchstart", "pointerdown", "keydown"]) {
      addEventListener(act, () => (until = 0), { capture: true, once: true, passive: true });
    }
  });

  // Dialogs have names, and give the focus back to what opened them.
  const NAMES = {
    "pst-search-dialog": "Search", "pst-primary-sidebar-modal": "Book", "pst-secondary-sidebar-modal": "On this page",
  };
  let opener = null;
  addEventListener("click", (event) => (opener = event.target.closest("button, a") ?? opener), true);
  addEventListener("keydown", () => {
    const active = document.activeElement;
    if (active !== document.body && !active.closest("dialog")) opener = active;
  }, true);
  for (const dialog of all("dialog")) {
    if (NAMES[dialog.id]) dialog.setAttribute("aria-label", NAMES[dialog.id]);
    dialog.addEventListener("close", () => {
      if (opener && !opener.closest("dialog")) opener.focus();
    });
  }

  // Escape puts a term's card away (course.css); it comes back with the next look at the term.
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const term of all("a.term:is(:hover, :focus-visible)")) {
      term.classList.add("put-away");
      const back = () => term.classList.remove("put-away");
      for (const end of ["blur", "pointerleave"]) term.addEventListener(end, back, { once: true });
    }
  });

  // Paper is white whatever the screen is, and has no folds to open.
  let before = null; // what to put back
  function onPaper(printing) {
    const root = document.documentElement;
    if (printing && !before) {
      const folds = [...all("details.sd-dropdown:not([open]), details.predict-answer:not([open])")];
      before = { theme: root.dataset.theme, folds };
      root.dataset.theme = "light";
      for (const fold of folds) fold.open = true;
    } else if (!printing && before) {
      root.dataset.theme = before.theme;
      for (const fold of before.folds) fold.open = false;
      before = null;
    }
  }
  addEventListener("beforeprint", () => onPaper(true));
  addEventListener("afterprint", () => onPaper(false));
  matchMedia("print").addEventListener("change", (event) => onPaper(event.matches));

  addEventListener("load", (event) => {
    // The theme would lay out the whole page now, and again after every change, to do what `reach` does.
    event.stopImmediatePropagation();
    for (const button of all(".toggle-button")) {
      const title = button.closest(".admonition-title").textContent.trim();
      button.setAttribute("aria-label", `Show or hide: ${title}`);
    }
  });
})();
