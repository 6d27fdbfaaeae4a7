// The video page: starts the player that the video needs, keeps account of what is watched, and
// shows the new standing. A player of somebody else is loaded only when the reader asks for it.

import { pageOf, read } from "./ask.js";
import { FilePlayer } from "./player-file.js";
import { FramePlayer } from "./player-frame.js";
import { listenToKeys } from "./player-keys.js";
import { followTranscript } from "./player-transcript.js";
import { Watch } from "./player-watch.js";

const REFRESHES = 5;
const AGAIN_MS = 5_000;
const PARTS = ["watched", "quiz", "topic", "onward"];
const TROUBLE = {
  offline: "Not saved yet. What you watch is kept here, and saved when the connection is back.",
  "signed out": "Not saved: you are signed out. What you watch is kept here until you sign in again.",
  refused: "What you watch is kept here until you sign in again.",
};

const panel = document.querySelector(".player[data-video]");
const { video, learner, start } = panel.dataset;
let player = null;
let watch = null;
let refreshing = false;
let trouble = "";

function say(text) {
  dispatchEvent(new CustomEvent("announce", { detail: text }));
}

// The page as the server sees it now, without moving the reader or the player. There may be no later
// report that would say again that the video is done, so what fails is tried again.
async function refresh(tries = REFRESHES) {
  if (refreshing) return;
  refreshing = true;
  try {
    const page = await pageOf(await read(`/video/${video}`));
    if (!page.getElementById("watched")) throw new Error("another page");
    const held = document.activeElement?.id;
    for (const id of PARTS) {
      const fresh = page.getElementById(id);
      if (fresh) document.getElementById(id)?.replaceWith(document.adoptNode(fresh));
    }
    if (held) document.getElementById(held)?.focus({ preventScroll: true });
    say(document.getElementById("watched").dataset.news);
  } catch {
    if (tries > 1) setTimeout(refresh, AGAIN_MS, tries - 1);
  } finally {
    refreshing = false;
  }
}

function showStanding({ percent, done }) {
  const box = document.getElementById("watched");
  const { state } = box.dataset;
  const bar = box.querySelector("progress");
  bar.value = percent;
  bar.ariaLabel = `Watched ${percent}%`;
  if ((state === "open" && done) || (state === "declared" && percent >= 90)) refresh();
  else if (state === "open" && percent) box.querySelector("[data-announce]").textContent = `${percent}% watched`;
}

function showTrouble(kind, sentence) {
  if (kind === trouble) return;
  trouble = kind;
  let line = document.getElementById("not-kept");
  if (!line) {
    line = document.createElement("p");
    line.id = "not-kept";
    line.className = "field-error";
    panel.after(line);
  }
  line.hidden = !kind;
  line.textContent = [sentence, TROUBLE[kind]].filter(Boolean).join(" ");
  if (kind) say(line.textContent);
}

function tell({ trouble: kind, sentence, ...standing }) {
  showTrouble(kind ?? "", sentence);
  if ("percent" in standing) showStanding(standing);
}

let follow = () => {};

function changed(state) {
  watch.observe(state);
  follow(state.time);
}

// Beside a player that does not come soon: where else the video is.
function late(isLate) {
  const line = document.getElementById("beside");
  if (line.hidden === !isLate) return;
  line.hidden = !isLate;
  if (isLate) say(line.textContent);
}

// What comes instead of a player that says it does not play: the same.
function refused() {
  document.getElementById("beside")?.remove();
  const had = document.activeElement === document.body || panel.contains(document.activeElement);
  const card = panel.querySelector("template").content.cloneNode(true).firstElementChild;
  player = null;
  panel.querySelector("video, .player-body")?.remove();
  panel.append(card);
  card.querySelector("p").setAttribute("role", "alert");
  if (had) card.querySelector("a").focus({ preventScroll: true });
}

function account(position) {
  watch ??= new Watch({ video, learner, position }, tell);
}

function open(at) {
  if (!panel.dataset.embed || player) return;
  account(at);
  player = new FramePlayer(panel.dataset, at, { changed, late, refused });
  panel.querySelector(".player-body")?.remove();
  panel.append(player.element);
  player.element.focus();
}

function offerToPlay() {
  const body = panel.querySelector(".player-body");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "play";
  button.append(body.querySelector("svg").cloneNode(true), panel.dataset.label);
  button.addEventListener("click", () => open(Number(start)));
  const line = document.createElement("p");
  line.textContent = `Plays from ${panel.dataset.source}. It is loaded when you press Play.`;
  body.replaceChildren(button, line);
}

function toggle() {
  if (!player) return false;
  player.toggle();
  return true;
}

function move(seconds) {
  player?.seek(Math.max(0, player.state.time + seconds));
}

function fullScreen() {
  if (document.fullscreenElement) document.exitFullscreen();
  else player?.element.requestFullscreen();
}

function captions() {
  const shown = player?.captions?.();
  if (shown !== undefined) say(shown ? "Captions on." : "Captions off.");
}

function prepare() {
  const file = panel.querySelector("video");
  const list = document.querySelector("#transcript ol");
  if (!file && !panel.dataset.embed) return;
  if (list) {
    follow = followTranscript(list, (second) => {
      if (!player) return open(Math.floor(second));
      player.seek(second);
      return player.play();
    });
  }
  listenToKeys({
    " ": toggle,
    k: () => toggle() || open(Number(start)), // Space only moves the page before there is a player
    j: () => move(-10),
    l: () => move(10),
    m: () => player && say(player.mute() ? "Sound off." : "Sound on."),
    f: fullScreen,
    c: captions,
  });
  if (file) {
    account(Number(start));
    player = new FilePlayer(file, changed, refused);
  } else {
    offerToPlay();
  }
}

prepare();
