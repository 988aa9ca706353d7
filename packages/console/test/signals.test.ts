// Signals that come before a program has loaded what it is made of.
// @module-tag only-in-all

import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

/** As a program is started, which says by itself when it ends without a word. */
const LOADING = `
  import { start } from "./bin/start.js";
  import { listenForSignals } from "./dist/signals.js";
  await start(async () => {
    const signals = listenForSignals();
    if (process.argv[1] === "told") signals.tell((signal) => process.exit(signal === "SIGINT" ? 3 : 4));
    if (process.argv[2] !== "none") process.kill(process.pid, process.argv[2]);
    await new Promise((resolve) => process.argv[2] !== "none" && setTimeout(resolve, 30_000));
  });`;

const send = (to: "loading" | "told", signal: string) =>
  spawnSync(process.execPath, ["--input-type=module", "-e", LOADING, to, signal], {
    cwd: new URL("..", import.meta.url),
    encoding: "utf8",
  });

test.each(["SIGTERM", "SIGINT"])("%s while it loads ends it with 75 and a sentence", (signal) => {
  const { status, stderr } = send("loading", signal);
  expect(status).toBe(75);
  expect(stderr).toMatch(
    /^forklift: stopped by a signal before .*\n {2}next: run the same command again\n$/,
  );
});

test("whoever asks to be told is told instead", () => {
  expect(send("told", "SIGINT").status).toBe(3);
  expect(send("told", "SIGTERM")).toMatchObject({ status: 4, stderr: "" });
});

test("an end without a word has one", () => {
  const { status, stderr } = send("loading", "none");
  expect([status, stderr]).toEqual([75, expect.stringContaining("ended before its work was done")]);
});
