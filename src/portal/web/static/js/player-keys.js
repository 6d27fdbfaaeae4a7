// Keys for the player wherever the focus is, except where somebody types or chooses. They can be
// turned off, because people who speak to their computer set them off by accident.

const STORE = "player-keys";
const TYPING = "input, textarea, select, fieldset, dialog, [contenteditable], [popover]";
const REPEATED = ["j", "l"];
const PRESSED_WITH_SPACE = "a, button, label, summary, video";

function wanted() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

function offerChoice() {
  const box = document.getElementById("use-keys");
  box.checked = wanted();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, box.checked ? "on" : "off");
    } catch {
      // Then it holds for no page at all, and the box says so when it comes again.
    }
  });
}

function showList() {
  const list = document.getElementById("keys");
  list.open = !list.open;
  if (list.open) list.querySelector("summary").focus();
}

// `actions` are functions by key, in lower case; one that gives false leaves the key alone.
export function listenToKeys(actions) {
  offerChoice();
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(TYPING) || document.querySelector("dialog[open]") || !wanted()) return;
    const key = event.key.toLowerCase();
    // A button does what it is there for, and so do the browser's controls of a video.
    if (key === " " && event.target.closest(PRESSED_WITH_SPACE)) return;
    const action = key === "?" ? showList : actions[key];
    if (!action || (event.repeat && !REPEATED.includes(key))) return;
    if (action() !== false) event.preventDefault();
  });
}
