// A wrong command line of `migrate`: refused before anything is opened.

import { CLOSED_PORT, inProcess } from "@forklift/testkit";
import { describe, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { expectRefusal } = inProcess(migrator);

describe("a server without the name of a database", () => {
  const server = "postgres://forklift:secret@127.0.0.1:1";
  const sources = ["--source-db", CLOSED_PORT, "--blocks", "b", "--genesis-ledger", "l"];
  test.each<[string, string[]]>([
    ["migrate", ["migrate", ...sources, "--network", "mainnet", "--plan", "--target-db", server]],
  ])("is not written by %s", async (_name, args) => {
    const says = [/^postgres:\/\/forklift:\*\*\*@127.0.0.1:1\S* names no database$/];
    await expectRefusal(args, { exit: 78, says, next: "host:5432/database" });
  });
});

describe("a wrong command line", () => {
  test.each<[string, string[], string, string]>([
    [
      "a missing option",
      ["migrate"],
      "required option '--target-db <url>' not specified",
      "forklift-migrator migrate --help",
    ],
    [
      "a misspelt option where others are missing",
      ["migrate", "--sorce-db", "postgres://x/y"],
      "unknown option '--sorce-db'",
      "forklift-migrator migrate --help",
    ],
  ])("%s ends with 64", async (_name, args, says, next) => {
    await expectRefusal(args, { exit: 64, says: [says], next });
  });
});
