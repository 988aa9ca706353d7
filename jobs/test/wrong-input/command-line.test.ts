// A wrong command line: 64, before anything is opened. A folder that is not there: 78.

import { inProcess } from "@forklift/testkit";
import { describe, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";

const { expectRefusal } = inProcess(forklift);

describe("a server without the name of a database", () => {
  const server = "postgres://forklift:secret@127.0.0.1:1";
  test.each<[string, string[]]>([["restore", ["restore", "--dump", "./dump.sql", "--db", server]]])(
    "is not written by %s",
    async (_name, args) => {
      const says = [/^postgres:\/\/forklift:\*\*\*@127.0.0.1:1\S* names no database$/];
      await expectRefusal(args, { exit: 78, says, next: "host:5432/database" });
    },
  );
});

describe("a folder that is not there", () => {
  test.each<[string, string[]]>([["store ls", ["store", "ls", "--store", "nowhere"]]])(
    "is no empty one for %s",
    async (_name, args) => {
      const says = [/there is no folder \S*\/nowhere$/];
      await expectRefusal(args, { exit: 78, says, next: "check the path" });
    },
  );
});

describe("a wrong command line", () => {
  test.each<[string, string[], string, string]>([
    ["no command", [], "no command given", "forklift --help"],
    ["an unknown command", ["lift"], "unknown command 'lift'", "forklift --help"],
    [
      "an unknown option",
      ["config", "--explain", "--config", "x.yaml", "--frobnicate"],
      "unknown option '--frobnicate'",
      "forklift config --help",
    ],
    [
      "an unknown command of a store",
      ["store", "list"],
      "unknown command 'list'",
      "forklift store --help lists the commands",
    ],
    [
      "a malformed state hash",
      ["final", "--config", "x.yaml", "--fork-state-hash", "3NKnonsense"],
      "argument '3NKnonsense' is invalid",
      "forklift final --help",
    ],
    [
      "a height that is no number",
      ["final", "--config", "x.yaml", "--stop-at-height", "-5"],
      "argument '-5' is invalid",
      "forklift final --help",
    ],
    [
      "an unknown log level",
      ["daily", "--config", "x.yaml", "--log-level", "loud"],
      "expected one of debug, info, warn, error",
      "forklift daily --help",
    ],
    [
      "a store that keeps no set",
      ["store", "prune", "--store", "./s", "--last", "0"],
      "option '--last <n>' argument '0' is invalid",
      "forklift store prune --help",
    ],
    [
      "a copy without transfers",
      ["store", "copy", "--store", "./s", "--to", "./t", "--jobs", "0"],
      "option '--jobs <n>' argument '0' is invalid",
      "forklift store copy --help",
    ],
    [
      "no next run",
      ["schedule", "--config", "x.yaml", "--next", "0"],
      "option '--next <n>' argument '0' is invalid",
      "forklift schedule --help",
    ],
  ])("%s ends with 64", async (_name, args, says, next) => {
    await expectRefusal(args, { exit: 64, says: [says], next });
  });
});
