// The line that moves, and those who write on the same terminal.

import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openLog } from "../src/output/log.ts";
import { openProgressLine } from "../src/output/progress-line.ts";
import { runInProcess } from "./run-in-process.ts";

test("an error of a stage stands on a line of its own", async () => {
  const target = "postgres://forklift@127.0.0.1:1/archive";
  const { exit, stderr } = await runInProcess([
    "restore",
    "--dump",
    "/nowhere.sql",
    "--db",
    target,
  ]);
  expect(exit).toBe(75);
  expect(stderr).toMatch(/1\/1 restore …\nforklift: /);
});

test("a line of the log stands on a line of its own", async () => {
  const terminal = new PassThrough();
  const line = openProgressLine(terminal);
  const log = openLog({ level: "info", format: "auto", progressLine: line });
  line.paint("1/1 restore");
  log.info("a line of the log");
  expect(await text(terminal.end())).toMatch(/1\/1 restore\n$/);
});
