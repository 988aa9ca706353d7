// Parses the command line, runs the command, prints its result, and turns errors into exit codes.

import { EXIT, exitCodeOf, ForkliftError, firstError, UsageError } from "@forklift/pipeline";
import { Command, CommanderError } from "commander";
import { maskSecrets } from "../output/mask-secrets.ts";
import { forkliftVersion } from "../version.ts";
import { addAuditCommand } from "./audit.ts";
import { addCheckpointCommand } from "./checkpoint.ts";
import { addConfigCommand } from "./config.ts";
import type { Host, Outcome } from "./host.ts";
import { addJobCommands } from "./jobs.ts";
import { addMigrateCommand } from "./migrate.ts";
import { addReplayCommand } from "./replay.ts";
import { addRestoreCommand } from "./restore.ts";
import { addSampleCommand } from "./sample.ts";
import { addScheduleCommand } from "./schedule.ts";
import { addStatusCommand } from "./status.ts";
import { addStoreCommand } from "./store.ts";
import { addUnwindCommand } from "./unwind.ts";
import { addVerifyCommand } from "./verify.ts";

/** Returns the exit code; throws nothing. */
export async function runCli(argv: readonly string[], host: Host): Promise<number> {
  const wantsJson = argv.includes("--json");
  let outcome: Outcome | null = null;
  let failure: unknown = null;
  const program = buildProgram(host, (result) => {
    outcome = result;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    failure =
      error instanceof CommanderError ? usageErrorOf(error, program, argv) : firstError(error);
  }
  if (failure !== null) reportError(failure, host);
  const result = outcome ?? (failure === null ? null : errorOutcome(failure));
  const text = wantsJson ? result && JSON.stringify(result.json, null, 2) : result?.text;
  if (text) host.stdout.write(`${text}\n`);
  return failure === null ? EXIT.ok : exitCodeOf(failure);
}

function buildProgram(host: Host, finish: (outcome: Outcome) => void): Command {
  const program = new Command("forklift")
    .description("Lifts a Mina archive database over the Berkeley hard fork.")
    .version(forkliftVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      // The error itself is printed by `reportError`, like every other.
      writeErr: () => undefined,
    });
  addRestoreCommand(program, host, finish);
  addAuditCommand(program, host, finish);
  addMigrateCommand(program, host, finish);
  addReplayCommand(program, host, finish);
  addUnwindCommand(program, host, finish);
  addCheckpointCommand(program, host, finish);
  addVerifyCommand(program, host, finish);
  addJobCommands(program, host, finish);
  addScheduleCommand(program, host, finish);
  addStoreCommand(program, host, finish);
  addStatusCommand(program, host, finish);
  addConfigCommand(program, host, finish);
  addSampleCommand(program, host, finish);
  return program;
}

/** Commander ends `--help` and `--version` by throwing, too; those are no errors. */
function usageErrorOf(
  error: CommanderError,
  program: Command,
  argv: readonly string[],
): UsageError | null {
  if (error.exitCode === 0) return null;
  const { command, names } = commandOf(program, argv);
  const help = ["forklift", ...names, "--help"].join(" ");
  const lists = command.commands.length === 0 ? "options" : "commands";
  return new UsageError(messageOf(error, command, argv.slice(names.length)), {
    cause: error,
    hint: `${help} lists the ${lists}`,
  });
}

/** Their names are what a command line begins with. */
function commandOf(program: Command, argv: readonly string[]) {
  const names: string[] = [];
  let command = program;
  for (const name of argv) {
    const inner = command.commands.find((candidate) => candidate.name() === name);
    if (inner === undefined) break;
    command = inner;
    names.push(name);
  }
  return { command, names };
}

/** Commander asks for options that are missing first, one of which may be there but misspelt. */
function messageOf(error: CommanderError, command: Command, args: readonly string[]): string {
  if (error.code === "commander.help") return "no command given";
  if (error.code === "commander.missingMandatoryOptionValue") {
    const [unknown] = command.parseOptions([...args]).unknown;
    if (unknown !== undefined) return `unknown option '${unknown}'`;
  }
  return error.message.replace(/^error: /, "");
}

function reportError(error: unknown, { stderr, progressLine }: Host): void {
  progressLine?.leave();
  const { message, hint } = describeError(error);
  stderr.write(`forklift: ${message}\n  next: ${hint}\n`);
  const isOurBug = !(error instanceof ForkliftError) && error instanceof Error;
  if (isOurBug) stderr.write(`${maskSecrets(error.stack ?? "") as string}\n`);
}

/** People have read the error on stderr; programs get it as the document. */
function errorOutcome(error: unknown): Outcome {
  const details = error instanceof ForkliftError ? error.details : undefined;
  return { text: "", json: { ok: false, error: describeError(error), ...details } };
}

function describeError(error: unknown) {
  return {
    name: error instanceof Error ? error.name : "Error",
    message: maskSecrets(error instanceof Error ? error.message : String(error)) as string,
    hint:
      error instanceof ForkliftError
        ? (error.hint ?? "see the message")
        : "this is a fault of forklift; please report it with the lines below",
    exit: exitCodeOf(error),
  };
}
