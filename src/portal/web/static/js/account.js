// The account page: show the new password, and offer the time zone that this browser is in.

import { addReveal } from "./reveal.js";

const fresh = document.getElementById("new");
if (fresh) addReveal(fresh, "new password", [document.getElementById("again")]);

const field = document.getElementById("zone");
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
if (here && here !== field.value) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button quiet";
  button.textContent = `Use ${here}, as this browser`;
  button.addEventListener("click", () => {
    field.value = here;
    button.remove();
    field.focus();
  });
  field.form.querySelector(".button").before(button);
}
