import { expect, test } from "vitest";
import { BoundedCache } from "../src/text/bounded-cache.ts";

test("a cache keeps what is used and forgets the rest", () => {
  const cache = new BoundedCache<number, string>(2);
  cache.set(0, "kept");
  for (let key = 1; key < 100; key++) {
    expect(cache.get(0)).toBe("kept");
    cache.set(key, "passing");
  }
  const held = Array.from({ length: 100 }, (_, key) => cache.get(key)).filter((it) => it);
  expect(held.length).toBeLessThanOrEqual(4);
});
