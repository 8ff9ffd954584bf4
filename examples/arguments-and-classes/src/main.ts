// Arguments and classes: several arguments are one tuple, and instances of a class travel by a codec.
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Codec,
  defineActivity,
  defineOrchestrator,
  TaskHubClient,
  TaskHubWorker,
} from "@durabletask/core";
import { openTaskHub } from "@durabletask/sqlite";

class Money {
  readonly #cents: number;
  constructor(cents: number) {
    this.#cents = cents;
  }
  plus(other: Money): Money {
    return new Money(this.#cents + other.#cents);
  }
  toCents(): number {
    return this.#cents;
  }
  format(): string {
    return `€ ${(this.#cents / 100).toFixed(2)}`;
  }
}

// JSON would make an empty object of it. A codec says what goes over the wire, and makes an instance of that again.
const money: Codec<Money, { cents: number }> = {
  encode: (value) => ({ cents: value.toCents() }),
  decode: (json) => new Money(json.cents),
};

// An activity takes one input. More arguments are a tuple, whose names an editor shows.
const priceOf = defineActivity(
  "priceOf",
  { output: money },
  async (_, [article, quantity]: [article: string, quantity: number]) =>
    new Money(article.length * 100 * quantity),
);

// Without a codec a Date comes back as a string, and the types say so.
const deliveryOf = defineActivity("deliveryOf", async (_, [days, from]: [number, string]) => ({
  at: new Date(new Date(from).getTime() + days * 86_400_000),
}));

const buy = defineOrchestrator("buy", { output: money }, async (ctx, articles: string[]) => {
  const { at } = await ctx.callActivity(deliveryOf, [3, "2030-01-01T00:00:00Z"]);
  ctx.setCustomStatus(`delivered at ${at}`); // at: string

  let total = new Money(490); // delivery
  for (const article of articles) total = total.plus(await ctx.callActivity(priceOf, [article, 2]));
  return total;
});

await using folder = await mkdtempDisposable(join(tmpdir(), "durabletask-"));
await using hub = await openTaskHub(join(folder.path, "tasks.db"));
await using worker = new TaskHubWorker(hub).register(priceOf, deliveryOf, buy);
await worker.start();

const client = new TaskHubClient(hub);
const id = await client.scheduleNewOrchestration(buy, ["tea", "milk"]);

// An id alone leads to what was sent, an id with its definition to the class.
const raw = await client.waitForOrchestrationCompletion(id);
console.log("over the wire:", raw.output);
const { output, customStatus } = await client.waitForOrchestrationCompletion(buy, id);
const tip = new Money(111);
console.log("with the codec:", output.plus(tip).format(), "with a tip;", customStatus);
