// Keys for the player wherever the focus is, except where somebody types or chooses.

import { shortcutsOn } from "./shortcuts.js";

const TYPING = "input, textarea, select, fieldset, dialog, [contenteditable], [popover]";
const REPEATED = ["j", "l"];
const PRESSED_WITH_SPACE = "a, button, label, summary, video";

function showList() {
  const list = document.getElementById("keys");
  list.open = !list.open;
  if (list.open) list.querySelector("summary").focus();
}

// `actions` are functions by key, in lower case; one that gives false leaves the key alone.
export function listenToKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open]") || !shortcutsOn()) return;
    const key = event.key.toLowerCase();
    // A button does what it is there for, and so do the browser's controls of a video.
    if (key === " " && event.target.closest(PRESSED_WITH_SPACE)) return;
    const action = key === "?" ? showList : actions[key];
    if (!action || (event.repeat && !REPEATED.includes(key))) return;
    if (action() !== false) event.preventDefault();
  });
}
