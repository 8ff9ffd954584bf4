import type {
  AttemptRecord,
  DetachedActivity,
  EndedQuery,
  InstanceRecord,
  KeptCall,
  LiveInstance,
  LogRow,
  Store,
  StoredInstance,
  StoreQuery,
} from "../store/store.ts";
import type { Journal } from "./journal.ts";
import { unavailable } from "./journal.ts";

/** The methods of a store that read. */
type Reads = Omit<Store, "open" | "commit" | "clear" | "close">;

/**
 * How a hub reads its store. What the store cannot answer fails as calls to the hub do.
 *
 * A hub that has stopped answers nothing: between a failed sync and the fence of the next opening the store may show what
 * a crash could still take back, and what is read afterwards belongs to another hub.
 */
export class StoreReads implements Reads {
  readonly #store: Store;
  readonly #journal: Pick<Journal, "throwIfStopped">;

  constructor(store: Store, journal: Pick<Journal, "throwIfStopped">) {
    this.#store = store;
    this.#journal = journal;
  }

  find(id: string, payloads: boolean): Promise<StoredInstance | undefined> {
    return this.#read((store) => store.find(id, payloads));
  }

  chain(tail: number): Promise<readonly LogRow[]> {
    return this.#read((store) => store.chain(tail));
  }

  query(query: StoreQuery): Promise<readonly StoredInstance[]> {
    return this.#read((store) => store.query(query));
  }

  ended(query: EndedQuery): Promise<readonly InstanceRecord[]> {
    return this.#read((store) => store.ended(query));
  }

  children(parentId: string): Promise<readonly InstanceRecord[]> {
    return this.#read((store) => store.children(parentId));
  }

  live(after: number, limit: number): Promise<readonly LiveInstance[]> {
    return this.#read((store) => store.live(after, limit));
  }

  detached(): Promise<readonly DetachedActivity[]> {
    return this.#read((store) => store.detached());
  }

  kept(executionId: string): Promise<readonly KeptCall[]> {
    return this.#read((store) => store.kept(executionId));
  }

  attempts(): Promise<readonly AttemptRecord[]> {
    return this.#read((store) => store.attempts());
  }

  async #read<T>(read: (store: Store) => Promise<T>): Promise<T> {
    let found: T;
    try {
      found = await read(this.#store);
    } catch (cause) {
      throw unavailable("The store of the task hub could not be read.", cause);
    }
    this.#journal.throwIfStopped();
    return found;
  }
}
