// The help of every command, as an operator reads it.

import { PassThrough, Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { runCli } from "../src/cli/run-cli.ts";

async function helpOf(command: readonly string[]): Promise<string> {
  const stdout = new PassThrough();
  const exit = await runCli([...command, "--help"], {
    environment: {},
    signal: new AbortController().signal,
    stdout,
    stderr: new Writable({ write: (_chunk, _encoding, done) => done() }),
    now: () => 0,
    date: () => new Date(0),
  });
  expect(exit, command.join(" ")).toBe(0);
  return await text(stdout.end());
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
