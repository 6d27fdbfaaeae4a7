// The transcript beside the player: a cue leads to its second, and the one being said is marked and
// kept in view, unless the reader is looking elsewhere in the list.

const REST_MS = 5_000;

// `seek` gets a second. Gives a function that shows where the player is.
export function followTranscript(list, seek) {
  const cues = [...list.querySelectorAll("a")];
  const starts = cues.map((cue) => Number(cue.dataset.at));
  let current = -1;
  let reading = 0;

  // One stop for Tab, however long the list; arrows go from cue to cue.
  function stopAt(index) {
    cues.forEach((cue, n) => (cue.tabIndex = n === index ? 0 : -1));
  }

  function look() {
    reading = Date.now();
  }

  for (const name of ["wheel", "touchmove", "keydown"]) list.addEventListener(name, look, { passive: true });

  list.addEventListener("click", (event) => {
    const index = cues.indexOf(event.target.closest("a"));
    if (index < 0 || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    reading = 0;
    stopAt(index);
    seek(starts[index]);
  });

  list.addEventListener("keydown", (event) => {
    const at = cues.indexOf(event.target.closest("a"));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: cues.length - 1 }[event.key];
    if (at < 0 || !cues[to]) return;
    event.preventDefault();
    stopAt(to);
    cues[to].focus();
  });

  stopAt(0);
  return (time) => {
    // A player stands a little before the second that it was sent to.
    const index = starts.findLastIndex((start) => start <= time + 0.2);
    if (index === current) return;
    cues[current]?.removeAttribute("aria-current");
    current = index;
    const cue = cues[index];
    if (!cue) return;
    cue.setAttribute("aria-current", "true");
    if (!list.contains(document.activeElement)) stopAt(index);
    if (Date.now() - reading < REST_MS) return;
    const middle = cue.offsetTop - list.offsetTop - (list.clientHeight - cue.offsetHeight) / 2;
    list.scrollTo({ top: middle });
  };
}
