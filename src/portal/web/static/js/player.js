// The player is loaded only when the reader asks for it: before that, nothing is requested from
// the video's provider. Without script the panel holds a plain link.

const SLOW_MS = 8_000;
const panel = document.querySelector(".player[data-embed]");

function address() {
  const url = new URL(panel.dataset.embed);
  const start = Number(panel.dataset.start);
  url.searchParams.set("autoplay", "1");
  if (panel.dataset.provider === "vimeo") {
    url.searchParams.set("dnt", "1");
    if (start) url.hash = `t=${start}s`;
  } else {
    url.searchParams.set("rel", "0");
    if (start) url.searchParams.set("start", String(start));
  }
  return url.href;
}

function explain(body, link) {
  const line = document.createElement("p");
  const { source } = panel.dataset;
  line.textContent = `This video cannot play here. Open it on ${source}, then mark it as watched.`;
  line.setAttribute("role", "alert");
  link.textContent = `Open on ${source}`;
  body.replaceChildren(line, link);
  panel.append(body);
}

function play(body, link) {
  const frame = document.createElement("iframe");
  frame.title = panel.dataset.title;
  frame.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
  // YouTube refuses to play for a page that does not say where it is.
  frame.referrerPolicy = "strict-origin-when-cross-origin";
  frame.src = address();
  const slow = setTimeout(() => {
    frame.remove();
    explain(body, link);
  }, SLOW_MS);
  frame.addEventListener("load", () => {
    clearTimeout(slow);
    frame.focus();
  });
  body.remove();
  panel.append(frame);
  frame.focus();
}

if (panel) {
  const body = panel.querySelector(".player-body");
  const link = body.querySelector("a");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "play";
  button.append(link.querySelector("svg").cloneNode(true), panel.dataset.label);
  const line = document.createElement("p");
  line.textContent = `Plays from ${panel.dataset.source}. It is loaded when you press Play.`;
  button.addEventListener("click", () => play(body, link));
  body.replaceChildren(button, line);
}
