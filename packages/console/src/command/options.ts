// Options that several commands share, and parsers for their values.

import { availableParallelism } from "node:os";
import {
  FormatError,
  parsePublicKey,
  parseSignatureShare,
  parseStateHash,
  parseUnsigned,
  type SignatureShare,
  type StateHash,
  UINT32_MAX,
} from "@forklift/chain";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { LogOptions } from "../log/log.ts";

function parser<Value>(parse: (text: string) => Value) {
  return (text: string): Value => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof FormatError) throw new InvalidArgumentError(error.message);
      throw error;
    }
  };
}

export const stateHashOption = parser(parseStateHash);

/** Of an option that may be given several times. */
export const stateHashesOption = (text: string, hashes: readonly StateHash[] = []): StateHash[] => [
  ...hashes,
  stateHashOption(text),
];

export const publicKeyOption = parser(parsePublicKey);

export const heightOption = parser((text) => parseUnsigned(text, UINT32_MAX));

/** A count that is small enough for a number. */
export const countOption = parser((text) => Number(parseUnsigned(text, UINT32_MAX)));

export const positiveOption = (text: string): number => {
  const count = countOption(text);
  if (count === 0) throw new InvalidArgumentError("expected a number above 0");
  return count;
};

export function urlListOption(text: string): string[] {
  return text.split(",").filter((url) => url !== "");
}

export interface CommonOptions {
  readonly json?: true;
  readonly logLevel?: LogOptions["level"];
  readonly logJson?: true;
}

/** Every command prints one JSON document on demand and logs to stderr. */
export function withCommonOptions(command: Command): Command {
  return command
    .option("--json", "print the result as one JSON document")
    .option("--log-level <level>", "debug, info, warn or error", logLevel)
    .option("--log-json", "log as JSON lines, also on a terminal");
}

/** What the options leave open is taken from `defaults`. */
export function logOptionsOf(
  { logLevel, logJson }: CommonOptions,
  defaults: Pick<LogOptions, "level" | "format"> = { level: "info", format: "auto" },
): Pick<LogOptions, "level" | "format"> {
  return {
    level: logLevel ?? defaults.level,
    format: logJson === true ? "json" : defaults.format,
  };
}

export interface ConfigOptions {
  readonly config: string;
  readonly set?: readonly string[];
}

export function withConfigOptions(command: Command): Command {
  return command
    .requiredOption("--config <file>", "the configuration, a YAML file")
    .option("--set <key=value>", "override a key of the configuration; repeatable", collect);
}

function collect(setting: string, settings: readonly string[] = []): string[] {
  return [...settings, setting];
}

function logLevel(text: string): LogOptions["level"] {
  const levels = ["debug", "info", "warn", "error"] as const;
  const level = levels.find((candidate) => candidate === text);
  if (level === undefined) throw new InvalidArgumentError(`expected one of ${levels.join(", ")}`);
  return level;
}

export interface StopOptions {
  readonly forkStateHash?: StateHash;
  readonly stopAtHeight?: bigint;
}

export function withStopOptions(command: Command): Command {
  return command
    .option(
      "--fork-state-hash <hash>",
      "last pre-fork block: the chain ends there",
      stateHashOption,
    )
    .option("--stop-at-height <n>", "height at which the chain ends", heightOption);
}

/** Where the options say that a chain ends; null for what they leave open. */
export function stopPointOf({ forkStateHash, stopAtHeight }: StopOptions): {
  readonly forkStateHash: StateHash | null;
  readonly stopAtHeight: bigint | null;
} {
  return { forkStateHash: forkStateHash ?? null, stopAtHeight: stopAtHeight ?? null };
}

export interface GroundOptions {
  readonly signatures?: SignatureShare;
  readonly agree?: number;
}

/** What the commands of a block rest on besides the file that they come from. */
export function withGroundOptions(command: Command): Command {
  return command
    .option(
      "--signatures <which>",
      "check signatures of user commands: of all blocks; of new ones, which the run reads; of a share of these, such as 5%; " +
        "or of none",
      parser(parseSignatureShare),
    )
    .option(
      "--agree <n>",
      "how many sources must hold the same commands of a block: the source archive is one, each of --blocks another (default: 1)",
      positiveOption,
    );
}

export interface CreationFeeOptions {
  readonly skipCreationFees?: true;
}

export function withCreationFeeOption(command: Command): Command {
  return command.option(
    "--skip-creation-fees",
    "leave the creation fees that the source records out of the comparison",
  );
}

export interface FormOptions {
  readonly officialVrfOutput?: true;
  readonly officialGenesis?: string;
}

/** Where we differ from the official tool on purpose; docs/differences-from-official.md has the list. */
export function withFormOptions(command: Command): Command {
  return command
    .option("--official-vrf-output", "last_vrf_output encoded twice, as the official tool does")
    .option("--official-genesis <url>", "the genesis row's values of an official archive, as JSON");
}

export interface ForkGenesisOptions {
  readonly forkGenesisConfig?: string;
}

/** What the network published for the fork, with which the end of a replay is compared. */
export function withForkGenesisOption(command: Command): Command {
  return command.option(
    "--fork-genesis-config <url>",
    "the published genesis configuration of the fork: its ledger hash and accounts are compared",
  );
}

export interface ThreadsOptions {
  readonly threads: number;
}

export function withThreadsOption(command: Command): Command {
  const cores = availableParallelism();
  return command.addOption(
    new Option("--threads <n>", "cores to use")
      .argParser(countOption)
      .default(cores, "those of the machine"),
  );
}
