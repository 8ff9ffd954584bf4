/** A part of a list. */
interface PageToken {
  /** Leads to the next page; `undefined` on the last one. */
  readonly continuationToken: string | undefined;
}

/** What a query finds, fetched as it is read: one by one (`for await`), or by pages. */
export class PagedList<Item, Page extends PageToken> implements AsyncIterable<Item> {
  readonly #fetch: (continuationToken: string | undefined) => Promise<Page>;
  readonly #itemsOf: (page: Page) => readonly Item[];
  readonly #start: string | undefined;

  constructor(
    fetch: (continuationToken: string | undefined) => Promise<Page>,
    itemsOf: (page: Page) => readonly Item[],
    start: string | undefined,
  ) {
    this.#fetch = fetch;
    this.#itemsOf = itemsOf;
    this.#start = start;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.byPage()) yield* this.#itemsOf(page);
  }

  /** The same, a page at a time. */
  async *byPage(): AsyncGenerator<Page, void, undefined> {
    let token = this.#start;
    for (;;) {
      const page = await this.#fetch(token);
      yield page;
      // A token that does not move would never end.
      if (page.continuationToken === undefined || page.continuationToken === token) return;
      token = page.continuationToken;
    }
  }
}
