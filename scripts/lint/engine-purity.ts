import { isBuiltin } from "node:module";
import type { RuleTester } from "oxlint/plugins-dev";

/** A lint rule as oxlint loads it: ESLint's API. */
export type Rule = Parameters<RuleTester["run"]>[1];

type Context = Parameters<NonNullable<Rule["create"]>>[0];
type ImportNode = Parameters<Context["report"]>[0]["node"] & { readonly source?: unknown };

/** Globals that let the outside world in: what they give differs from one replay to the next. */
const impure = new Set([
  "AbortSignal",
  "Intl",
  "Temporal",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "global",
  "globalThis",
  "performance",
  "process",
  "queueMicrotask",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Members of `Date` that depend on their arguments alone. */
const pureDateMembers = new Set(["UTC", "parse", "prototype"]);

/**
 * Keeps the replay engine a function of its inputs: no clock, no chance, no timers, no platform.
 *
 * `new Date(value)`, `Date.UTC`, `instanceof Date` and the rest of `Math` stay allowed. `Date` and `Math` may not be
 * handed on as values, which would hide the call. Names that the file declares or imports itself are not meant.
 */
export const enginePurity: Rule = {
  meta: {
    type: "problem",
    docs: { description: "forbid whatever differs from one replay to the next" },
    messages: {
      impure: "{{what}} differs from one replay to the next; take it as an argument of the turn.",
      platform: "The engine imports nothing from the platform; take {{what}} as an argument.",
    },
  },
  create(context) {
    const checkImport = (node: ImportNode): void => {
      const source = literalText(node.source);
      if (source !== undefined && isBuiltin(source)) {
        context.report({ node, messageId: "platform", data: { what: source } });
      }
    };
    return {
      ImportDeclaration: checkImport,
      ImportExpression: checkImport,
      ExportAllDeclaration: checkImport,
      ExportNamedDeclaration: checkImport,
      "Program:exit"(): void {
        for (const use of globalUses(context)) {
          const what = impurity(use);
          if (what !== undefined) {
            context.report({ node: use, messageId: "impure", data: { what } });
          }
        }
      },
    };
  },
};

/** Every use of a name that the file neither declares nor imports. */
function globalUses({ sourceCode }: Context) {
  const scope = sourceCode.scopeManager.globalScope;
  const known = scope?.variables.filter((variable) => variable.defs.length === 0) ?? [];
  const references = [
    ...(scope?.through ?? []),
    ...known.flatMap((variable) => variable.references),
  ];
  return references.map((reference) => reference.identifier);
}

/** As much of a syntax node as the rule looks at. */
interface Node {
  readonly type: string;
  readonly parent?: unknown;
  readonly arguments?: unknown;
  readonly callee?: unknown;
  readonly computed?: unknown;
  readonly name?: unknown;
  readonly object?: unknown;
  readonly operator?: unknown;
  readonly property?: unknown;
  readonly value?: unknown;
}

/** What is impure about this use of a global, if anything is. */
function impurity(use: Node): string | undefined {
  const parent = use.parent as Node;
  const name = String(use.name);
  if (parent.type.startsWith("TS")) return undefined;
  if (name === "Date") return dateImpurity(use, parent);
  if (name === "Math") return mathImpurity(use, parent);
  return impure.has(name) ? name : undefined;
}

function dateImpurity(use: Node, parent: Node): string | undefined {
  if (parent.callee === use) {
    const given = parent.type === "NewExpression" && !isEmpty(parent.arguments);
    return given ? undefined : "the current time";
  }
  if (parent.type === "BinaryExpression" && parent.operator === "instanceof") return undefined;
  const member = memberName(use, parent);
  return pureDateMembers.has(member) ? undefined : `Date.${member}`;
}

function mathImpurity(use: Node, parent: Node): string | undefined {
  const member = memberName(use, parent);
  return member === "random" || member === unknown ? `Math.${member}` : undefined;
}

/** Stands for a member whose name cannot be read off the source, and for the whole object. */
const unknown = "*";

/** The member that `parent` takes of `object`. */
function memberName(object: Node, parent: Node): string {
  if (parent.type !== "MemberExpression" || parent.object !== object) return unknown;
  const property = parent.property as Node;
  return parent.computed === true ? (literalText(property) ?? unknown) : String(property.name);
}

function literalText(node: unknown): string | undefined {
  const value = (node as Node | null | undefined)?.value;
  return typeof value === "string" ? value : undefined;
}

function isEmpty(list: unknown): boolean {
  return Array.isArray(list) && list.length === 0;
}
