// What a quiz adds to the shared partial update: number keys, the check for an empty answer, rows
// that move, and focus on the part that is new. The quiz is replaced as a whole, so every listener
// sits above it.

// A hidden text still counts as a description, so the reference comes and goes with it.
function complain(fieldset, on) {
  fieldset.querySelector(".field-error").hidden = !on;
  fieldset.setAttribute("aria-describedby", on ? "question-error question-note" : "question-note");
}

function prepare() {
  const form = document.querySelector("#quiz form");
  if (form) form.noValidate = true;
  for (const row of document.querySelectorAll("#quiz .ordering > li:has(input)")) row.draggable = true;
}

// Runs before the shared submit listener, which leaves a refused form alone.
document.addEventListener("submit", (event) => {
  const fieldset = event.target.querySelector("fieldset.options:not(:has(.ordering))");
  if (!fieldset || fieldset.querySelector(":checked")) return;
  event.preventDefault();
  complain(fieldset, true);
  fieldset.querySelector("input").focus();
}, true);

document.addEventListener("change", (event) => {
  const fieldset = event.target.closest("fieldset.options");
  if (fieldset) complain(fieldset, false);
});

document.addEventListener("keydown", (event) => {
  const fieldset = event.target.closest("fieldset.options");
  if (!fieldset || event.ctrlKey || event.metaKey || event.altKey) return;
  const input = fieldset.querySelectorAll(".option > :is([type=radio], [type=checkbox])")[Number(event.key) - 1];
  if (!input) return;
  event.preventDefault();
  input.focus();
  input.click();
});

// Rows move in the page; the address keeps their order for a reload. The neighbour is moved around
// the row, because a row that is moved itself loses the focus.
document.addEventListener("click", (event) => {
  const button = event.target.closest("button[name=move]");
  if (!button) return;
  event.preventDefault();
  const row = button.closest("li");
  const up = button.value.startsWith("up:");
  const other = up ? row.previousElementSibling : row.nextElementSibling;
  if (other) row[up ? "after" : "before"](other);
  settle(row, other ? "moved to" : "stays at");
});

function settle(row, words) {
  const rows = [...row.parentNode.children];
  const address = new URL(location);
  address.searchParams.set("order", rows.map((item) => item.querySelector("input").value).join(","));
  history.replaceState(null, "", address);
  const place = `${words} place ${rows.indexOf(row) + 1} of ${rows.length}`;
  dispatchEvent(new CustomEvent("announce", { detail: `${row.querySelector("span").textContent}: ${place}` }));
}

// Dragging is an extra for the mouse; the buttons do the same for everybody.
let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.("li[draggable=true]") ?? null;
  if (dragged) event.dataTransfer.effectAllowed = "move";
});
document.addEventListener("dragover", (event) => {
  const row = event.target.closest?.(".ordering > li");
  if (!dragged || row?.parentNode !== dragged.parentNode) return;
  event.preventDefault();
  if (row === dragged) return;
  const { top, height } = row.getBoundingClientRect();
  row[event.clientY > top + height / 2 ? "after" : "before"](dragged);
});
document.addEventListener("dragend", () => {
  if (dragged) settle(dragged, "moved to");
  dragged = null;
});

// The browser goes to #quiz by itself, but not to the heading that says how it went; and it takes
// the focus away again while it does, so this waits until the page is complete.
addEventListener("load", () => {
  document.querySelector("#quiz:not(:has([autofocus])) [data-focus]")?.focus();
});
prepare();
new MutationObserver(prepare).observe(document.getElementById("quiz").parentNode, { childList: true });
