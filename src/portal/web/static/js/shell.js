// What every page shares: one submit per form, and forms and links that replace one part of the
// page. Everything here has a plain form or link below it, which is also what runs when it fails.

import { pageOf, read, write } from "./ask.js";

// The server knows why, and has stored nothing.
class Refused extends Error {}

function mark(form, submitter) {
  form.dataset.sent = "1";
  if (!submitter) return;
  submitter.style.minInlineSize = `${submitter.offsetWidth}px`;
  submitter.setAttribute("aria-busy", "true");
  if (submitter.dataset.busy) {
    submitter.dataset.label = submitter.textContent;
    submitter.textContent = submitter.dataset.busy;
  }
}

function unmark(form) {
  delete form.dataset.sent;
  for (const field of form.querySelectorAll("fieldset[inert]")) field.inert = false;
  for (const button of form.querySelectorAll("[aria-busy]")) {
    button.removeAttribute("aria-busy");
    button.style.minInlineSize = "";
    if (button.dataset.label) button.textContent = button.dataset.label;
    delete button.dataset.label;
  }
}

function say(text, region = "status") {
  const live = document.getElementById(region);
  live.textContent = text;
  setTimeout(() => {
    if (live.textContent === text) live.textContent = "";
  }, 5_000);
}

addEventListener("announce", (event) => say(event.detail));

// Gives the page that was answered, or throws when it is not one that holds the wanted parts.
async function load(response, ids) {
  if (response.status === 409) {
    const refusal = new DOMParser().parseFromString(await response.text(), "text/html");
    throw new Refused(refusal.querySelector("[data-refusal]").textContent);
  }
  if (!response.ok && response.status !== 422) throw new Error(`status ${response.status}`);
  const page = await pageOf(response);
  if (!page.getElementById(ids[0])) throw new Error("another page");
  return { page, response };
}

function show({ page, response }, ids, isRead) {
  const held = document.activeElement?.id;
  for (const id of [...ids, "score"]) {
    const fresh = page.getElementById(id);
    // The browser obeys autofocus only while a page loads.
    fresh?.querySelector("[autofocus]")?.setAttribute("data-focus", "");
    fresh?.querySelector("[autofocus]")?.removeAttribute("autofocus");
    if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
  }
  document.title = page.title;
  // The address of a refused form cannot be opened again, so the old one stays.
  if (isRead || response.redirected) history.replaceState(null, "", response.url);
  const part = document.getElementById(ids[0]);
  const target = (held && document.getElementById(held)) || part.querySelector("[data-focus]");
  target?.focus();
  if (!target) part.scrollIntoView({ block: "nearest" });
  const news = part.querySelector("[data-announce]");
  if (news) say(news.textContent.trim());
}

async function sendPart(form, submitter) {
  const ids = form.dataset.partial.split(" ");
  const body = new URLSearchParams(new FormData(form, submitter));
  for (const field of form.querySelectorAll("fieldset")) field.inert = true;
  try {
    show(await load(await write(form.action, body), ids), ids, false);
  } catch (error) {
    if (error instanceof Refused) keep(form, submitter, error.message);
    else if (navigator.onLine) form.submit();
    else keep(form, submitter);
  }
}

// Replaces parts of this page by those of another address of it, unless `wanted` says by then that
// the answer comes too late.
export async function readPart(url, ids, wanted) {
  document.getElementById(ids[0]).setAttribute("aria-busy", "true");
  try {
    const loaded = await load(await read(url), ids);
    if (wanted()) show(loaded, ids, true);
  } catch {
    if (wanted()) location.assign(url);
  }
}

// Without a connection a real submit would lose the page, and the choice with it; so it would when
// the server refuses it. A link to where one is does not open the page again if it names a part.
function keep(form, submitter, refusal) {
  unmark(form);
  submitter?.focus();
  const line = form.querySelector(".not-saved");
  line.dataset.offline ??= line.textContent;
  const words = refusal ?? line.dataset.offline;
  const text = document.createElement("span"); // one beside the icon, link and all
  text.append(words);
  line.replaceChildren(line.querySelector("svg"), text);
  if (refusal) {
    const again = document.createElement("a");
    again.href = location.pathname + location.search;
    again.textContent = "Open this page again";
    text.append(" ", again);
  }
  line.hidden = false;
  say(words, "alert");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  if (form.dataset.partial) {
    event.preventDefault();
    form.querySelector(".not-saved").hidden = true;
    sendPart(form, event.submitter);
  }
  mark(form, event.submitter);
});

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-partial]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  const ids = link.dataset.partial.split(" ");
  link.setAttribute("aria-busy", "true");
  try {
    show(await load(await read(link.href), ids), ids, true);
  } catch {
    location.assign(link.href);
  }
});

// A page taken from the back cache must not show a button that waits for an old answer.
addEventListener("pageshow", (event) => {
  if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(unmark);
});
