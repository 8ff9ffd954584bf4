import type { Attempt } from "./answers.ts";
import type { RunningItem } from "./work-item-handler.ts";

/** An item whose code has begun. */
interface Started {
  readonly running: RunningItem;
}

/** Who sends what came of an item, and tries again. */
interface Sender<Item, Response> {
  send(response: Response): Promise<unknown>;
  /** Not acknowledged: from now on the item is the sender's. Never rejects. */
  retry(error: unknown, item: Item, response: Response): Promise<void>;
}

/** What came of an item, on its way to the hub for the first time. There are thousands a second: one object, without functions of its own. */
export class FirstTry<Item extends Started, Response> implements Attempt {
  readonly #sender: Sender<Item, Response>;
  readonly #item: Item;
  readonly #response: Response;

  constructor(sender: Sender<Item, Response>, item: Item, response: Response) {
    this.#sender = sender;
    this.#item = item;
    this.#response = response;
  }

  send(): Promise<unknown> {
    return this.#sender.send(this.#response);
  }

  acknowledged(): void {
    this.#item.running.ended();
  }

  refused(error: unknown): void {
    void this.#sender.retry(error, this.#item, this.#response);
  }
}
