// Show password, and demo accounts that fill the form. Without script the accounts stand as text.

const form = document.querySelector("form[action='/login']");
const password = form.elements.password;

const toggle = document.createElement("button");
toggle.type = "button";
toggle.className = "button";
toggle.setAttribute("aria-controls", password.id);

function reveal(on) {
  password.type = on ? "text" : "password";
  toggle.textContent = on ? "Hide" : "Show";
  toggle.setAttribute("aria-label", on ? "Hide password" : "Show password");
}

toggle.addEventListener("click", () => reveal(password.type === "password"));
form.addEventListener("submit", () => reveal(false));
reveal(false);
password.after(toggle);

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
