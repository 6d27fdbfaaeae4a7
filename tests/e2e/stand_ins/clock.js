// What both stand-ins are inside: a clock that plays, and what the reader's hand does to it.
const settings = {/* settings */};
const player = {
  time: 0,
  at: performance.now(),
  rate: 1,
  playing: false,
  muted: false,
  heard: [],
  changed() {},
  settle() {
    const now = performance.now();
    if (this.playing) this.time = Math.min(settings.duration, this.time + ((now - this.at) / 1000) * this.rate);
    this.at = now;
    if (this.playing && this.time >= settings.duration) {
      this.playing = false;
      this.changed("ended");
    }
  },
  play() {
    this.settle();
    this.playing = true;
    this.changed("play");
  },
  pause() {
    this.settle();
    this.playing = false;
    this.changed("pause");
  },
  seek(time) {
    this.settle();
    this.time = time;
    this.changed("seeked");
  },
  setRate(rate) {
    this.settle();
    this.rate = rate;
    this.changed("playbackratechange");
  },
};
