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

  // What scrolls sideways can be scrolled from the keyboard.
  function reachScrollers() {
    for (const box of all("main :is(pre, .katex-display, .pst-scrollable-table-container)")) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  addEventListener("resize", reachScrollers);
  addEventListener("toggle", reachScrollers, true); // folded code
  addEventListener("click", () => setTimeout(reachScrollers)); // folded solutions

  addEventListener("load", () => {
    reachScrollers();
    for (const button of all(".toggle-button")) {
      const title = button.closest(".admonition-title").textContent.trim();
      button.setAttribute("aria-label", `Show or hide: ${title}`);
    }
  });
})();
