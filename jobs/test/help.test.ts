// The help of every command, as an operator reads it.

import { runInProcess } from "@forklift/testkit";
import { expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

async function helpOf(command: readonly string[]): Promise<string> {
  const { exit, stdout } = await runInProcess(forklift, [...command, "--help"]);
  expect(exit, command.join(" ")).toBe(0);
  return stdout;
}

/** Every command below this one, and their commands, by name. */
async function commandsBelow(command: readonly string[]): Promise<(readonly string[])[]> {
  const [, list = ""] = (await helpOf(command)).split("\nCommands:\n");
  const names = [...list.matchAll(/^ {2}([a-z]+) /gm)].map(([, name]) => name!);
  const below: (readonly string[])[] = [];
  for (const name of names.filter((name) => name !== "help")) {
    const inner = [...command, name];
    below.push(inner, ...(await commandsBelow(inner)));
  }
  return below;
}

const commands = await commandsBelow([]);

test("every command has been found", () => {
  expect(commands.map((names) => names.join(" "))).toEqual(
    expect.arrayContaining(["replay", "final", "store copy", "checkpoint convert"]),
  );
  expect(commands.length).toBeGreaterThan(20);
});

test.each(commands.map((names) => names.join(" ")))(
  "%s has its options explained",
  async (name) => {
    const help = await helpOf(name.split(" "));
    expect(help).toContain(`Usage: forklift ${name}`);
    expect(help).not.toContain("default: []");
  },
);
