import { readFile } from "node:fs/promises";
import { z } from "zod";

const line = z.strictObject({
  sku: z.string().min(1),
  title: z.string().min(1),
  quantity: z.int().positive(),
  /** Euros. */
  price: z.number().positive(),
});

const order = z.strictObject({
  /** Becomes the instance id of its orchestration, and part of its shipment's. */
  id: z.string().regex(/^[\w.-]{1,60}$/, "takes 1 to 60 letters, digits, '.', '_' and '-'"),
  customer: z.string().min(1),
  city: z.string().min(1),
  country: z.string().length(2),
  /** The last four digits. The bank declines 0002. */
  card: z.string().regex(/^\d{4}$/, "takes four digits"),
  lines: z.array(line).min(1),
});

const orders = z
  .array(order)
  .min(1, "has no orders")
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [index, { id }] of list.entries()) {
      if (seen.has(id)) {
        context.addIssue({ code: "custom", path: [index, "id"], message: `${id} is there twice` });
      }
      seen.add(id);
    }
  });

export type Order = z.infer<typeof order>;

/** A file of orders cannot be read, or holds something else. */
export class OrdersFileError extends Error {
  override name = "OrdersFileError";
}

/** Reads a file of orders. Throws `OrdersFileError`, whose message lists all that is wrong with it. */
export async function readOrders(file: string): Promise<Order[]> {
  const found = orders.safeParse(await readJson(file));
  if (found.success) return found.data;
  const { issues } = found.error;
  const faults = issues.slice(0, 10).map(({ path, message }) => `  ${place(path)}: ${message}`);
  if (issues.length > faults.length) faults.push(`  and ${issues.length - faults.length} more`);
  throw new OrdersFileError(`${file} is not a list of orders:\n${faults.join("\n")}`);
}

/** What an order costs, in cents, so that sums are exact. */
export function totalCents({ lines }: Pick<Order, "lines">): number {
  return lines.reduce((sum, { quantity, price }) => sum + quantity * Math.round(price * 100), 0);
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new OrdersFileError(`${file} cannot be read: ${reason}`, { cause });
  }
}

/** `orders[3].lines[0].price` for the path of an issue. */
function place(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : `${text}.${String(key)}`),
    "orders",
  );
}
