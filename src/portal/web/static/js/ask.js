// The only way from scripts to the server. In another window somebody else may have signed in since
// this page was made: a write says for whom that was, and no part of another person's page is put
// into this one.

const TIMEOUT_MS = 10_000;
const owner = document.documentElement.dataset.user;

export function read(url, options) {
  return fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
}

export function write(url, body, { headers, ...options } = {}) {
  return read(url, { ...options, method: "POST", body, headers: { ...headers, "x-portal-user": owner } });
}

// Gives the page that was answered, or throws when it is not one of the same person.
export async function pageOf(response) {
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  if (page.documentElement.dataset.user !== owner) throw new Error("a page of somebody else");
  return page;
}
