// A player of somebody else, in a frame. Both kinds are spoken to with messages, so no script of
// theirs is needed here. They are believed only from their own window and origin.

const PATIENCE_MS = 8_000;
const GREETING_MS = 250;

// Not a video, cannot be played, gone, may not be embedded (twice), does not know where it is.
const YOUTUBE_REFUSALS = [2, 5, 100, 101, 150, 153];
const VIMEO_REFUSALS = ["NotFoundError", "PasswordError", "PrivacyError"];
const VIMEO_EVENTS = ["timeupdate", "play", "pause", "ended", "seeking", "seeked", "playbackratechange", "error"];

function youtubeCommand(func, ...args) {
  return JSON.stringify({ event: "command", func, args, id: 1, channel: "widget" });
}

function youtubeState(state) {
  return { playing: state === 1, ended: state === 0 };
}

function vimeo(method, value) {
  return value === undefined ? { method } : { method, value };
}

// Each: where to find it, what to say until it answers, what its messages mean, and its commands.
const DIALECTS = {
  youtube: {
    address(url, start) {
      url.searchParams.set("rel", "0");
      url.searchParams.set("playsinline", "1");
      url.searchParams.set("enablejsapi", "1");
      url.searchParams.set("origin", location.origin);
      if (start) url.searchParams.set("start", String(start));
    },
    greeting: [
      JSON.stringify({ event: "listening", id: 1, channel: "widget" }),
      youtubeCommand("addEventListener", "onError"),
      youtubeCommand("addEventListener", "onStateChange"),
    ],
    read({ event, info }) {
      if (event === "onError") return { refused: YOUTUBE_REFUSALS.includes(Number(info)) };
      if (event === "onStateChange") return youtubeState(info);
      if (!info || typeof info !== "object") return {};
      return {
        refused: YOUTUBE_REFUSALS.includes(Number(info.videoData?.errorCode)),
        time: info.currentTime,
        duration: info.duration,
        rate: info.playbackRate,
        muted: info.muted,
        ...("playerState" in info && youtubeState(info.playerState)),
      };
    },
    play: () => youtubeCommand("playVideo"),
    pause: () => youtubeCommand("pauseVideo"),
    seek: (time) => youtubeCommand("seekTo", time, true),
    mute: (on) => youtubeCommand(on ? "mute" : "unMute"),
  },
  vimeo: {
    address(url, start) {
      if (start) url.hash = `t=${start}s`;
    },
    greeting: [vimeo("ping"), ...VIMEO_EVENTS.map((name) => vimeo("addEventListener", name)), vimeo("getPaused")],
    read({ event, method, value, data }) {
      if (method === "getPaused") return { playing: value === false };
      if (event === "error") return { refused: data?.method === "ready" || VIMEO_REFUSALS.includes(data?.name) };
      if (event === "playbackratechange") return { rate: data?.playbackRate };
      const playing = { play: true, pause: false, ended: false }[event];
      return { time: data?.seconds, duration: data?.duration, playing, ended: event === "ended" };
    },
    play: () => vimeo("play"),
    pause: () => vimeo("pause"),
    seek: (time) => vimeo("setCurrentTime", time),
    mute: (on) => vimeo("setMuted", on),
  },
};

export class FramePlayer {
  // `changed` gets the state after every message; `late` is told true when the player does not come
  // soon, and false when it is there; `refused` is called at most once.
  constructor({ provider, embed, title }, start, { changed, late, refused }) {
    Object.assign(this, { dialect: DIALECTS[provider], changed, late, refused });
    this.state = { time: start, duration: 0, playing: false, ended: false, rate: 1, muted: false };
    const url = new URL(embed);
    url.searchParams.set("autoplay", "1");
    this.dialect.address(url, start);
    this.origin = url.origin;
    this.element = document.createElement("iframe");
    this.element.title = title;
    this.element.allow = "autoplay; encrypted-media; fullscreen; picture-in-picture";
    // YouTube refuses to play for a page that does not say where it is.
    this.element.referrerPolicy = "strict-origin-when-cross-origin";
    this.element.src = url.href;
    this.element.addEventListener("load", () => this.loaded());
    addEventListener("message", this);
    // A slow line is no refusal: it may come yet. Only the player itself can say that it will not.
    this.patience = setTimeout(() => this.late(true), PATIENCE_MS);
  }

  loaded() {
    this.element.focus();
    if (this.heard) return;
    clearInterval(this.greeting);
    this.greeting = setInterval(() => this.greet(), GREETING_MS);
    this.greet();
  }

  // Says nothing that a page which was put in its place may not hear, and complains about none.
  greet() {
    this.dialect.greeting.forEach((message) => this.element.contentWindow?.postMessage(message, "*"));
  }

  post(message) {
    this.element.contentWindow?.postMessage(message, this.origin);
  }

  handleEvent({ source, origin, data }) {
    if (source !== this.element.contentWindow || origin !== this.origin) return;
    let message = data;
    try {
      if (typeof data === "string") message = JSON.parse(data);
    } catch {
      return;
    }
    if (!message || typeof message !== "object") return;
    if (!this.heard) {
      this.heard = true;
      this.rest();
      this.late(false);
      this.greet(); // it may have missed some of it while it was starting
    }
    const news = this.dialect.read(message);
    if (news.refused) this.give();
    else this.take(news);
  }

  take(news) {
    const { state } = this;
    for (const name of ["time", "duration", "rate"]) {
      if (Number.isFinite(news[name]) && news[name] >= 0) state[name] = news[name];
    }
    for (const name of ["playing", "ended", "muted"]) {
      if (typeof news[name] === "boolean") state[name] = news[name];
    }
    this.changed(state);
  }

  rest() {
    clearTimeout(this.patience);
    clearInterval(this.greeting);
  }

  give() {
    this.rest();
    removeEventListener("message", this);
    this.element.remove();
    this.refused();
  }

  toggle() {
    this.post(this.state.playing ? this.dialect.pause() : this.dialect.play());
  }

  play() {
    this.post(this.dialect.play());
  }

  seek(time) {
    this.post(this.dialect.seek(time));
  }

  mute() {
    this.state.muted = !this.state.muted;
    this.post(this.dialect.mute(this.state.muted));
    return this.state.muted;
  }
}
