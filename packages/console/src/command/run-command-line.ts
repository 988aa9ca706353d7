// Parses a command line, runs its command, prints the result, and turns errors into exit codes.

import {
  EXIT,
  exitCodeOf,
  ForkliftError,
  firstError,
  nextStepOf,
  UsageError,
} from "@forklift/pipeline";
import { Command, CommanderError } from "commander";
import { maskQuoted, redact, secretsOfEnvironment } from "../text/redact.ts";
import { forkliftVersion } from "../version.ts";
import type { Finish, Host, Outcome } from "./host.ts";

/** Adds one command, or a family of them, to a program. */
export type AddCommand = (program: Command, host: Host, finish: Finish) => void;

/** A program of commands, such as `forklift`. */
export interface CommandLine {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly AddCommand[];
}

/** Returns the exit code; throws nothing. */
export async function runCommandLine(
  argv: readonly string[],
  commandLine: CommandLine,
  host: Host,
): Promise<number> {
  let outcome: Outcome | null = null;
  let failure: unknown = null;
  const program = buildProgram(commandLine, host, (result) => {
    outcome = result;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    failure =
      error instanceof CommanderError ? usageErrorOf(error, program, argv) : firstError(error);
  }
  if (failure !== null) return reportFailure(failure, argv, host, outcome);
  print(outcome, argv, host);
  return EXIT.ok;
}

/** Prints the error, or what came of the command all the same, and returns the exit code. */
export function reportFailure(
  error: unknown,
  argv: readonly string[],
  host: Host,
  outcome: Outcome | null = null,
): number {
  const first = firstError(error);
  const clear: Clear = (text) => withoutSecrets(text, argv, host);
  reportError(first, clear, host);
  print(outcome ?? errorOutcome(first, clear), argv, host);
  return exitCodeOf(first);
}

function print(result: Outcome | null, argv: readonly string[], { stdout }: Host): void {
  const text = argv.includes("--json")
    ? result && JSON.stringify(result.json, null, 2)
    : result?.text;
  if (text) stdout.write(`${text}\n`);
}

/** The parser with all its commands, as the reference of commands is made from it, too. */
export function buildProgram(
  { name, description, commands }: CommandLine,
  host: Host,
  finish: Finish,
): Command {
  const program = new Command(name)
    .description(description)
    .version(forkliftVersion())
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      // The error itself is printed by `reportError`, like every other.
      writeErr: () => undefined,
    });
  for (const add of commands) add(program, host, finish);
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
  const help = [program.name(), ...names, "--help"].join(" ");
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

/** A text of an error as it may be printed. */
type Clear = (text: string) => string;

function reportError(error: unknown, clear: Clear, { stderr, progressLine }: Host): void {
  progressLine?.leave();
  const { message, hint } = describeError(error, clear);
  stderr.write(`forklift: ${message}\n  next: ${hint}\n`);
  const isOurBug = !(error instanceof ForkliftError) && error instanceof Error;
  if (isOurBug) stderr.write(`${clear(error.stack ?? "")}\n`);
}

/** People have read the error on stderr; programs get it as the document. */
function errorOutcome(error: unknown, clear: Clear): Outcome {
  const details = error instanceof ForkliftError ? error.details : undefined;
  // Texts alone: whatever else a document may hold stays as it is.
  const masked: unknown = JSON.parse(
    JSON.stringify({ ...details }, (_key, value: unknown) =>
      typeof value === "string" ? clear(value) : value,
    ),
  );
  return {
    text: "",
    json: { ok: false, error: describeError(error, clear), ...(masked as object) },
  };
}

/** Those of the arguments that it quotes, those in the text, and those of the process's variables. */
function withoutSecrets(text: string, argv: readonly string[], { environment }: Host): string {
  // An option may have its value behind an equals sign, and so may --set.
  const values = argv.flatMap((argument) => [argument, ...behindEquals(argument)]);
  return redact(maskQuoted(text, values), secretsOfEnvironment(environment)) as string;
}

function behindEquals(argument: string): string[] {
  const at = argument.indexOf("=");
  return at === -1 || at === argument.length - 1 ? [] : [argument.slice(at + 1)];
}

function describeError(error: unknown, clear: Clear) {
  return {
    name: error instanceof Error ? error.name : "Error",
    message: clear(error instanceof Error ? error.message : String(error)),
    hint: clear(nextStepOf(error)),
    exit: exitCodeOf(error),
  };
}
