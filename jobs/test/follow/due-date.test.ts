import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { DueDate } from "../../src/run/follow/due-date.ts";

test("a date that comes while another is served is served, too", async () => {
  const due = new DueDate();
  due.come();
  await due.serve(async () => {
    expect(due.isDue).toBe(false);
    due.come();
  });
  expect(due.isDue).toBe(true);
  await due.serve(async () => undefined);
  expect(due.isDue).toBe(false);
});

test.each([
  ["passes", new TryAgainError("the store is away", { hint: "wait" }), true],
  ["stays", new ConfigError("no such bucket", { hint: "make it" }), false],
])(
  "what %s decides whether a date that could not be served stays due",
  async (_what, error, isDue) => {
    const due = new DueDate();
    const failing = () => due.serve(() => Promise.reject(error));
    due.come();
    await expect(failing()).rejects.toBe(error);
    expect(due.isDue).toBe(isDue);
  },
);
