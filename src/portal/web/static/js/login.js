// Show password, demo accounts that fill the form, and where the browser is. Without script the
// accounts stand as text.

import { addReveal } from "./reveal.js";

const form = document.querySelector("form[action='/login']");
const password = form.elements.password;

addReveal(password, "password");

// For an account that has no time zone yet.
form.addEventListener("formdata", ({ formData }) => {
  formData.set("zone", Intl.DateTimeFormat().resolvedOptions().timeZone ?? "");
});

for (const item of document.querySelectorAll(".demo li")) {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...item.childNodes);
  button.addEventListener("click", () => {
    form.elements.username.value = item.dataset.id;
    password.value = item.dataset.password;
    form.querySelector("button[type='submit']").focus();
  });
  item.append(button);
}
