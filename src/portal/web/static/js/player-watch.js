// Which seconds were watched, and telling the server, which alone decides what counts. Spans are
// [from, to] in seconds, sorted and without overlap. What could not be told, or was more than the
// server believes at once, is kept, also when the page ends, and told again; the server counts a
// second once, however often it hears of it.

import { write } from "./ask.js";

const EVERY_S = 10;
const AHEAD_S = 0.5; // how far a player's clock may be ahead of ours
const BEHIND_S = 5; // how much of it may come late, and all at once

function union(spans) {
  const merged = [];
  for (const [from, to] of [...spans].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else if (from < to) merged.push([from, to]);
  }
  return merged;
}

function now() {
  return performance.now() / 1000;
}

// Gives the server's standing { percent, done, later }, `later` when a part of it did not count yet;
// { trouble } when it has to be told again, which is "signed out", "offline", or "refused" with the
// server's { sentence } about who is signed in now; {} when that would change nothing.
async function report(body) {
  try {
    const response = await write("/api/progress/watch", JSON.stringify(body), {
      headers: { "content-type": "application/json" },
      keepalive: true,
    });
    if (response.status === 401) return { trouble: "signed out" };
    if (response.status === 409) return { trouble: "refused", sentence: (await response.json()).error };
    if (response.status === 429 || response.status >= 500) return { trouble: "offline" };
    if (!response.ok) return {};
    const { watchedPercent, done } = await response.json();
    return { percent: watchedPercent, done, later: response.headers.has("retry-after") };
  } catch {
    return { trouble: "offline" };
  }
}

export class Watch {
  // `tell` gets what `report` gives.
  constructor({ video, learner, position }, tell) {
    Object.assign(this, { video, position, tell, duration: 0, told: position });
    this.key = `watched:${learner}:${video}`;
    this.seen = this.kept();
    this.unsent = this.seen;
    this.last = null;
    this.credit = AHEAD_S;
    this.sentAt = now();
    setInterval(() => this.unsent.length && this.send(), EVERY_S * 1000);
    addEventListener("online", () => this.unsent.length && this.send());
    addEventListener("pagehide", () => this.leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.unsent.length && this.send());
    if (this.unsent.length) this.send();
  }

  // The player stands here. Only as much counts as can have been played since it began: a jump, by
  // whatever control, brings nothing.
  observe({ time, duration, playing, rate, ended, seeking }) {
    const at = now();
    const before = this.last ?? { time, playing: false, rate, at };
    const stopped = before.playing && !playing;
    // A player may say that it stopped, and only then where.
    this.last = { time, playing, rate, at, stopping: stopped && time === before.time };
    this.position = ended ? 0 : time;
    if (duration) this.duration = duration;
    const step = time - before.time;
    this.credit = Math.min(this.credit, BEHIND_S);
    if (before.playing) this.credit += (at - before.at) * Math.max(rate, before.rate);
    const played = (before.playing || before.stopping) && !seeking && step > 0 && step <= this.credit;
    if (played) this.add(before.time, time);
    const jumped = step !== 0 && !played;
    if (this.unsent.length && (stopped || jumped || at - this.sentAt >= EVERY_S)) this.send();
  }

  add(from, to) {
    this.credit -= to - from;
    this.seen = union([...this.seen, [from, to]]);
    this.unsent = union([...this.unsent, [from, to]]);
  }

  // Whole runs go out, not only their newest seconds: what did not count with an earlier report
  // comes along, and counts now. Without any it is the position alone that is told.
  bodies(unsent) {
    const runs = this.seen.filter((run) => unsent.some(([from, to]) => from < run[1] && run[0] < to));
    this.told = Math.round(this.position);
    return (runs.length ? runs : [[this.told, this.told]]).map(([from, to]) => ({
      videoId: this.video,
      from: Math.round(from),
      to: Math.round(to),
      position: this.told,
      duration: Math.round(this.duration),
    }));
  }

  async send() {
    if (this.sending) {
      this.again = true;
      return;
    }
    this.sending = true;
    this.sentAt = now();
    const taken = this.unsent;
    this.unsent = [];
    let answer = {};
    let later = [];
    for (const body of this.bodies(taken)) {
      answer = await report(body);
      if (answer.trouble) break;
      if (answer.later) later.push([body.from, body.to]);
    }
    this.sending = false;
    if (answer.trouble) later = taken;
    this.unsent = union([...later, ...this.unsent]);
    this.waiting = later.length > 0;
    this.keep();
    this.tell(answer);
    if (this.again && !this.waiting) this.send();
    this.again = false;
  }

  // There is no time to wait for answers. After trouble the next page sends it all again, and what
  // did not count yet.
  leave() {
    if (!this.unsent.length && Math.round(this.position) === this.told) return;
    if (!navigator.onLine) this.waiting = true;
    this.keep();
    this.bodies(this.unsent).forEach(report);
  }

  kept() {
    try {
      return union(JSON.parse(localStorage.getItem(this.key)) ?? []);
    } catch {
      return [];
    }
  }

  keep() {
    try {
      if (this.waiting && this.unsent.length) localStorage.setItem(this.key, JSON.stringify(this.unsent));
      else localStorage.removeItem(this.key);
    } catch {
      // A browser that keeps nothing loses no more than this page.
    }
  }
}
