import type { Clock } from "../clock.ts";

/** How long a hub that sends pings may be silent. */
const silenceMs = 120_000;

/** How often it is listened for. Beats are counted, not instants compared: a clock that is set must not break a stream. */
const beatMs = 10_000;

/** Notices that nothing has come for 120 s, at the latest a beat later. */
export class SilenceWatch {
  readonly #clock: Clock;
  readonly #onSilent: () => void;
  #quietBeats = 0;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onSilent: () => void) {
    this.#clock = clock;
    this.#onSilent = onSilent;
  }

  /** Something has come. Called for every message, so it does next to nothing. */
  heard(): void {
    this.#quietBeats = 0;
  }

  /** Begins to listen. Without effect if it does so already. */
  start(): void {
    if (this.#cancel === undefined) this.#listen();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #listen(): void {
    this.#cancel = this.#clock.schedule(() => {
      this.#quietBeats += 1;
      if (this.#quietBeats * beatMs >= silenceMs) this.#onSilent();
      else this.#listen();
    }, beatMs);
  }
}
