// A video of our own, with the browser's controls.

const EVENTS = ["timeupdate", "playing", "pause", "ended", "seeking", "seeked", "ratechange", "durationchange"];

export class FilePlayer {
  constructor(element, changed, refused) {
    this.element = element;
    const tell = () => changed(this.state);
    EVENTS.forEach((name) => element.addEventListener(name, tell));
    // A connection that is lost on the way leaves what there is; a file that never came does not.
    const check = () => element.error && element.readyState === 0 && refused();
    element.addEventListener("error", check);
    queueMicrotask(check); // it may have failed before anybody listened
  }

  get state() {
    const { currentTime, duration, paused, ended, seeking, playbackRate } = this.element;
    return {
      time: currentTime,
      duration: Number.isFinite(duration) ? duration : 0,
      playing: !paused && !ended,
      ended,
      rate: playbackRate,
      seeking,
    };
  }

  play() {
    this.element.play().catch(() => {
      // The controls are there for whoever may not start it from here.
    });
  }

  toggle() {
    if (this.element.paused) this.play();
    else this.element.pause();
  }

  seek(time) {
    this.element.currentTime = time;
  }

  mute() {
    this.element.muted = !this.element.muted;
    return this.element.muted;
  }

  // Gives whether captions are shown now; undefined without any.
  captions() {
    const track = this.element.textTracks[0];
    if (!track) return undefined;
    track.mode = track.mode === "showing" ? "hidden" : "showing";
    return track.mode === "showing";
  }
}
