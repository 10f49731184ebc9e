/* The search page: a hit leads to its section, a formula is printed once, and a word in British
 * spelling or in Korean finds what its American or English form finds.
 */
(function () {
  "use strict";
  const words = JSON.parse(document.querySelector("script.search-words")?.textContent ?? "{}");

  const SPELLING = [
    [/\b(\w+?)is(e|ed|er|ers|es|ing|ation|ations)\b/g, "$1iz$2"], [/\b(behavi|neighb|col|fav)our/g, "$1or"],
    [/\bwarm-?ups?\b/g, "warm up"], [/\bcentre/g, "center"], [/\bmomentun\b/g, "momentum"],
  ];
  /** A query and what it may also be called. */
  function variants(query) {
    const plain = query.trim().toLowerCase(), list = [query];
    const respelled = SPELLING.reduce((text, [from, to]) => text.replace(from, to), plain);
    if (respelled !== plain) list.push(respelled);
    for (const [korean, english] of Object.entries(words))
      if (plain.replace(/\s/g, "").includes(korean.replace(/\s/g, ""))) list.push(english);
    return list;
  }

  Search.query = (query) => {
    const seen = new Set(), results = [], terms = new Set(), shown = new Set();
    for (const each of variants(query)) {
      const [text, searchTerms, excluded, highlights, objects] = Search._parseQuery(each);
      for (const term of searchTerms) terms.add(term);
      for (const term of highlights) shown.add(term);
      const found = Search._performSearch(text, searchTerms, excluded, highlights, objects);
      // best last; a page that an earlier variant found keeps its place
      const fresh = found.filter((item) => !seen.has(item[0] + item[2]));
      fresh.forEach((item) => seen.add(item[0] + item[2]));
      results.unshift(...fresh);
    }
    _displayNextItem(results, results.length, terms, shown);
  };

  const OWN = ":scope > :is(p, ul, ol, dl, div, figure, table)";
  /** The section of a page's text that has most of the terms, and of those the one with most of them in few words. */
  function bestSection(main, terms) {
    let best = null, most = 0;
    for (const section of main.querySelectorAll("section[id]")) {
      const heading = section.querySelector(":scope > :is(h2, h3, h4)");
      if (!heading) continue;
      const title = heading.textContent.toLowerCase();
      const text = title + " " + [...section.querySelectorAll(OWN)].map((e) => e.textContent).join(" ").toLowerCase();
      let score = 0;
      for (const term of terms) {
        const count = text.split(term).length - 1;
        if (count) score += 10 + Math.min(count, 9) + (title.includes(term) ? 20 : 0);
      }
      if (score > most) [best, most] = [section, score];
    }
    return best;
  }

  const summarize = Search.makeSearchSummary;
  Search.makeSearchSummary = (html, terms, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(".katex-mathml, details.hide, .cell_input").forEach((each) => each.remove());
    const main = page.querySelector('[role="main"], article');
    const section = anchor || !main ? null : bestSection(main, terms);
    const summary = summarize(page.documentElement.outerHTML, terms, anchor || (section ? `#${CSS.escape(section.id)}` : ""));
    if (section && summary) summary.dataset.section = section.id;
    return summary;
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) {
        const id = node.dataset?.section, link = id && node.closest("li")?.querySelector("a");
        if (link && !link.hash) link.hash = id;
      }
  }).observe(document.getElementById("search-results") ?? document.body, { childList: true, subtree: true });
})();
