// A list behind a form of filters follows the form while one chooses. Without this the button asks
// for the page.

import { readPart } from "./shell.js";

const REST_MS = 250;
const form = document.querySelector(".filters form");
const ids = (form?.dataset.parts ?? "").split(" ").filter(Boolean);
let latest = 0;

async function follow() {
  const mine = ++latest;
  const asked = new URLSearchParams([...new FormData(form)].filter(([, value]) => value));
  const url = `${form.getAttribute("action")}?${asked}`;
  await readPart(url, ids, () => mine === latest);
}

if (ids.length) {
  let resting;
  form.addEventListener("change", (event) => event.target.type === "search" || follow());
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(resting);
    resting = setTimeout(follow, REST_MS);
  });
}
