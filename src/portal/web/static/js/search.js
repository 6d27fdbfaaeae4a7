// Search from every page: "/" or a link opens the finder, which shows results while one types. On
// the search page itself, which works without this, they replace the ones below the field.

import { pageOf, read } from "./ask.js";
import { shortcutsOn } from "./shortcuts.js";

const DEBOUNCE_MS = 120;
const REST_MS = 300;
const MOST = 8;

const finder = document.getElementById("finder");
const pageForm = document.getElementById("search-form");

// Calls `look` with the text and a signal when typing pauses. Going on drops what came before.
function whileTyping(input, look) {
  let running;
  input.addEventListener("input", () => {
    running?.abort();
    running = new AbortController();
    const { signal } = running;
    setTimeout(() => signal.aborted || look(input.value.trim(), signal), DEBOUNCE_MS);
  });
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

// Text nodes and <mark> elements: whatever the text is, it stays text.
function marked(parts) {
  return parts.map((part) => (part.mark ? element("mark", {}, part.text) : part.text));
}

function length(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function openFinder() {
  const input = finder.querySelector("input");
  finder.showModal();
  input.select();
}

function prepareFinder() {
  const form = finder.querySelector("form");
  const input = form.elements.q;
  const list = document.getElementById("finder-list");
  const status = finder.querySelector("[role=status]");
  const all = finder.querySelector(".all");
  let resting;

  const options = () => [...list.querySelectorAll("[role=option]")];
  const active = () => list.querySelector("[aria-selected=true]");

  function select(option) {
    active()?.setAttribute("aria-selected", "false");
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) input.setAttribute("aria-activedescendant", option.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function tell(text) {
    clearTimeout(resting);
    resting = setTimeout(() => (status.textContent = text), REST_MS);
  }

  function row(result, number) {
    const { place, context, durationSeconds: seconds } = result;
    const option = element(
      "a",
      { href: result.href, id: `finder-${number}`, tabIndex: -1, role: "option", ariaSelected: "false" },
      element("span", { className: "title", dir: "auto" }, ...marked(result.title)),
      element("span", { className: "note", dir: "auto" }, seconds ? `${place} · ${length(seconds)}` : place),
    );
    if (context.length) option.append(element("span", { className: "context", dir: "auto" }, ...marked(context)));
    return option;
  }

  function show(found) {
    select(null);
    let left = MOST;
    const groups = found.groups.map((group) => {
      const shown = group.results.slice(0, left);
      left -= shown.length;
      const first = MOST - left - shown.length;
      return shown.length && element(
        "div",
        { role: "group", ariaLabel: group.heading },
        element("p", { className: "kicker", ariaHidden: "true" }, group.heading),
        ...shown.map((result, at) => row(result, first + at)),
      );
    });
    list.replaceChildren(...groups.filter(Boolean));
    list.hidden = !found.total;
    input.setAttribute("aria-expanded", String(found.total > 0));
    all.hidden = found.total <= MOST;
    all.href = `/search?q=${encodeURIComponent(found.query)}`;
    all.textContent = `All ${found.total} results`;
    const count = found.total === 1 ? "1 result" : `${found.total} results`;
    const none = found.query ? `Nothing matches “${found.query}”. Press Enter for a way on.` : "";
    tell(found.total ? `${count}${found.read ? ` for “${found.read}”` : ""}` : none);
  }

  whileTyping(input, async (text, signal) => {
    try {
      const response = await read(`/api/search?q=${encodeURIComponent(text)}`, { signal });
      if (!response.ok) throw new Error(`status ${response.status}`);
      show(await response.json());
    } catch {
      if (!signal.aborted) tell("No results while typing right now. Press Enter to search.");
    }
  });

  input.addEventListener("keydown", (event) => {
    const known = options();
    const at = known.indexOf(active());
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place between the last and the first is the field itself.
      const next = (at + 1 + step + known.length + 1) % (known.length + 1);
      select(known[next - 1] ?? null);
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      known[at].click();
    } else if (event.key === "Escape" && input.value) {
      event.preventDefault();
      input.value = "";
      input.dispatchEvent(new Event("input"));
    }
  });

  // A result may stand on this very page, which then only scrolls.
  list.addEventListener("click", (event) => {
    if (event.target.closest("a")) finder.close();
  });
  finder.addEventListener("click", (event) => {
    if (event.target === finder || event.target.closest("[data-close]")) finder.close();
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href='/search']");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    openFinder();
  });
}

function preparePage() {
  whileTyping(pageForm.elements.q, async (text, signal) => {
    const url = `/search?q=${encodeURIComponent(text)}`;
    try {
      const page = await pageOf(await read(url, { signal }));
      const fresh = page.getElementById("results");
      if (!fresh) return;
      document.getElementById("results").replaceWith(document.adoptNode(fresh));
      document.title = page.title;
      history.replaceState(null, "", url);
      const count = fresh.querySelector("[data-count]")?.textContent ?? "";
      dispatchEvent(new CustomEvent("announce", { detail: count }));
    } catch {
      // The button still asks for the whole page.
    }
  });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!shortcutsOn()) return;
  const typing = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
  if (event.target.closest(typing) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  if (pageForm) pageForm.elements.q.select();
  else openFinder();
});

if (pageForm) preparePage();
else prepareFinder();
