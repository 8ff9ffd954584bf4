/** A request of this size is not counted: as much of each stream is on its way before anybody reads it. */
export const smallRequestBytes = 65_536;

interface Waiting {
  readonly bytes: number;
  readonly enter: () => void;
}

/**
 * What the large requests that one connection is sending may take up, all together. Each takes the room for all of itself
 * before it is read on, so that whichever has begun can also end; the others wait in their order, unread, which HTTP/2 tells
 * the peer. A peer that stops in the middle holds up nobody but itself.
 */
export class RequestRoom {
  readonly #maxBytes: number;
  #taken = 0;
  #waiting: Waiting[] = [];

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Calls back when there is room, at once if there is. The room is kept until the returned function is called. */
  take(bytes: number, onRoom: () => void): () => void {
    let isHeld = false;
    const waiting = {
      bytes,
      enter: () => {
        isHeld = true;
        this.#taken += bytes;
        onRoom();
      },
    };
    this.#waiting.push(waiting);
    this.#admit();
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== waiting);
      if (isHeld) this.#taken -= bytes;
      isHeld = false;
      this.#admit();
    };
  }

  #admit(): void {
    for (;;) {
      const [next] = this.#waiting;
      if (!next || this.#taken + next.bytes > this.#maxBytes) return;
      this.#waiting.shift();
      next.enter();
    }
  }
}
