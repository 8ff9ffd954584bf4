// Prints how many files `@durabletask/core` consists of where it is installed.
import { registerHooks } from "node:module";

const files = new Set<string>();
registerHooks({
  load(url, context, next) {
    if (url.startsWith("file:")) files.add(url);
    return next(url, context);
  },
});
await import("@durabletask/core");
console.log(files.size);
