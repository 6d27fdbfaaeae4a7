// Single keys, where they are wanted: people who speak to their computer set them off by accident,
// so each device can do without. The choice is offered on the account page and beside the player.

const STORE = "shortcuts";

export function shortcutsOn() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

// "g" and the letter of a page of the navigation lead there. First of all who listen, because the
// letter alone may be a key of the player.
const GO_MS = 1_500;
const TYPING = "input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]";
let until = 0;

function go(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || !shortcutsOn()) return;
  if (event.target.closest?.(TYPING) || document.querySelector("dialog[open]")) return;
  const places = event.timeStamp < until ? [...document.querySelectorAll(".nav [data-go]")] : [];
  const place = places.find((link) => link.dataset.go === event.key);
  until = event.key === "g" ? event.timeStamp + GO_MS : 0;
  if (!place) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  location.assign(place.href);
}

addEventListener("keydown", go, { capture: true });

const box = document.getElementById("use-keys");
if (box) {
  box.checked = shortcutsOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(STORE, box.checked ? "on" : "off");
    } catch {
      // Then it holds for no page at all, and the box says so when it comes again.
    }
  });
}
