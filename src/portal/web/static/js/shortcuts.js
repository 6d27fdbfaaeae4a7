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
