// A wrong command line of the replayer's commands: refused before anything is opened.

import { CLOSED_PORT, inProcess } from "@forklift/testkit";
import { describe, test } from "vitest";
import { replayer } from "../../src/commands/index.ts";

const { expectRefusal } = inProcess(replayer);

describe("a server without the name of a database", () => {
  const server = "postgres://forklift:secret@127.0.0.1:1";
  test.each<[string, string[]]>([
    ["replay", ["replay", "--target-db", `${server}/?sslmode=disable`]],
  ])("is not written by %s", async (_name, args) => {
    const says = [/^postgres:\/\/forklift:\*\*\*@127.0.0.1:1\S* names no database$/];
    await expectRefusal(args, { exit: 78, says, next: "host:5432/database" });
  });
});

describe("a folder that is not there", () => {
  const unwind = ["unwind", "--plan", "--target-db", CLOSED_PORT, "--to-height", "7"];
  test.each<[string, string[]]>([
    ["checkpoint ls", ["checkpoint", "ls", "./nowhere"]],
    ["unwind", [...unwind, "--checkpoints", "/nowhere"]],
  ])("is no empty one for %s", async (_name, args) => {
    const says = [/there is no folder \S*\/nowhere$/];
    await expectRefusal(args, { exit: 78, says, next: "check the path" });
  });
});

describe("a wrong command line", () => {
  test.each<[string, string[], string, string]>([
    [
      "a replay on no core",
      ["replay", "--target-db", CLOSED_PORT, "--threads", "0"],
      "--threads must be above 0",
      "from 1 on",
    ],
    [
      "a replay with two starts",
      ["replay", "--target-db", CLOSED_PORT, "--genesis-ledger", "/l", "--checkpoint", "/c"],
      "give --genesis-ledger or --checkpoint, not both",
      "--genesis-ledger spares a first replay",
    ],
    [
      "an interval of nothing",
      ["replay", "--target-db", CLOSED_PORT, "--checkpoint", "/c", "--checkpoint-interval", "0"],
      "--checkpoint-interval must be above 0",
      "from 1 on",
    ],
    [
      "a pending tail of no source",
      ["replay", "--target-db", CLOSED_PORT, "--pending"],
      "--pending is given without --source-db",
      "give --source-db",
    ],
  ])("%s ends with 64", async (_name, args, says, next) => {
    await expectRefusal(args, { exit: 64, says: [says], next });
  });
});
