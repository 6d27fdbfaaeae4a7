// A button at a password that shows what was typed; without script there is none.

export function addReveal(field, what, others = []) {
  const toggle = document.createElement("button");
  toggle.type = "button";
  toggle.className = "button";
  toggle.setAttribute("aria-controls", field.id);

  function reveal(on) {
    for (const each of [field, ...others]) each.type = on ? "text" : "password";
    toggle.textContent = on ? "Hide" : "Show";
    toggle.setAttribute("aria-label", `${toggle.textContent} ${what}`);
  }

  toggle.addEventListener("click", () => reveal(field.type === "password"));
  field.form.addEventListener("submit", () => reveal(false));
  reveal(false);
  field.after(toggle);
}
