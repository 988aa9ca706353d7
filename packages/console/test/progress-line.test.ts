// The progress line of a terminal, and other output that is written to the same terminal.

import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { expect, test } from "vitest";
import { openLog } from "../src/log/log.ts";
import { openProgressLine } from "../src/log/progress-line.ts";

test("a line of the log stands on a line of its own", async () => {
  const terminal = new PassThrough();
  const line = openProgressLine(terminal);
  const log = openLog({ level: "info", format: "auto", progressLine: line, stream: terminal });
  line.paint("1/1 restore");
  log.info("a line of the log");
  await turn();
  expect(await text(terminal.end())).toMatch(/1\/1 restore\n\[.+\] INFO.*: a line of the log\n$/);
});
