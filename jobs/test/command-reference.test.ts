// The page of all commands is what the commands themselves say.

import { readFileSync } from "node:fs";
import path from "node:path";
import { buildProgram, type Host } from "@forklift/console";
import { EXIT } from "@forklift/pipeline";
import { Command } from "commander";
import { expect, test } from "vitest";
import { commandReference } from "../docs/command-reference.js";
import { forklift } from "../src/commands/index.ts";

const PAGE = path.join(import.meta.dirname, "../../docs/commands.md");

test("docs/commands.md is what `npm run docs:commands` would write", () => {
  // Building needs nothing from the host.
  expect(readFileSync(PAGE, "utf8")).toBe(
    commandReference(buildProgram(forklift, {} as Host, () => undefined)),
  );
});

test("a command's page has its usage, arguments, options and their defaults", () => {
  const program = new Command("tool");
  const group = program.command("group").description("a group");
  group
    .command("act <from>")
    .description("act on things")
    .argument("[more...]", "others")
    .requiredOption("--to <url>", "a|b")
    .option("--jobs <n>", "how many", Number, 4)
    .option("--not", "a switch that is off", false);
  program.command("rest").description("do nothing");
  const page = commandReference(program);
  expect(page).toContain("| [`tool group act`](#tool-group-act) | act on things |");
  expect(page).toContain("tool group act --to <url> [options] <from> [more...]\n");
  expect(page).toContain("| `more` | others |");
  expect(page).toContain("| `--to <url>` | a\\|b | needed |");
  expect(page).toContain("| `--jobs <n>` | how many | `4` |");
  expect(page).toContain("| `--not` | a switch that is off |  |");
  expect(page).toMatch(/tool rest\n/);
  expect(page).not.toContain("## tool group\n");
});

test("what all commands share is told once, what differs in a word at each", () => {
  const program = new Command("tool");
  program.command("one").option("--json", "as JSON").option("--out <file>", "where to");
  program.command("two").option("--json", "as JSON").option("--out <file>", "a folder");
  const page = commandReference(program);
  expect(page.match(/`--json`/g)).toHaveLength(1);
  expect(page.match(/`--out <file>`/g)).toHaveLength(2);
});

test("every exit code is explained, and no other", () => {
  const codes = [...readFileSync(PAGE, "utf8").matchAll(/^\| (\d+) \|/gm)].map(([, it]) =>
    Number(it),
  );
  expect(codes).toEqual(Object.values(EXIT).toSorted((a, b) => a - b));
});
