import { expect, it } from "vitest";
import { SmallMap } from "./small-map.ts";

it("does as a Map does, whatever the order of additions and removals", () => {
  const map = new Map<number, string>();
  const small = new SmallMap<number, string>();
  const agree = () => {
    expect([...small]).toEqual([...map]);
    expect([...small.values()]).toEqual([...map.values()]);
    expect(small.size).toBe(map.size);
    for (const key of [0, 1, 2, 3]) {
      expect(small.get(key)).toBe(map.get(key));
      expect(small.has(key)).toBe(map.has(key));
    }
  };
  // Every sequence of five steps: to set or to delete one of three keys.
  for (let code = 0; code < 6 ** 5; code++) {
    map.clear();
    small.clear();
    for (let step = 0, rest = code; step < 5; step++, rest = Math.floor(rest / 6)) {
      const key = rest % 3;
      if (rest % 6 < 3) {
        map.set(key, `${step}`);
        small.set(key, `${step}`);
      } else {
        map.delete(key);
        small.delete(key);
      }
    }
    agree();
  }
});

it("may lose what is yielded while it is walked through", () => {
  for (const count of [1, 3]) {
    const small = new SmallMap<number, string>();
    for (let key = 0; key < count; key++) small.set(key, "x");
    for (const [key] of small) small.delete(key);
    expect(small.size).toBe(0);
  }
});
