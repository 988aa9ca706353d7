// What each column rests on in the end: a hash of the chain, signatures, several sources that agree, or the word of
// one of them. Pure. Three things are covered by no hash: the signature of a command; into which internal commands what
// a receiver got was split; the order of commands that commute, and with it which of them failed.

import type { FilledTable } from "./tables.ts";

export type Rest = "chain" | "signature" | `${number} sources agree` | "one file" | "one archive";

/** By `table.column`. */
export type RestsOn = Readonly<Record<string, Rest>>;

/** Who stands behind the commands of a run besides the chain. */
export interface Witnesses {
  /** Files of different origin that hold the same commands of each block; 0 without any. */
  readonly files: number;
  /** Whether the signature of every command that was looked at is right. */
  readonly isSigned: boolean;
  /** Whether a history of all was looked at: its source alone knows a pending block from an orphaned one. */
  readonly hasPending: boolean;
}

/** What a proof rests on that is of no hash of the chain. */
const WITNESS = {
  "equal to the source": "archive",
  "equal to the precomputed block": "file",
  "recomputed transaction hash": "file",
} as const satisfies Readonly<Record<string, "archive" | "file">>;

const EARLIER = "earlier run";

/** Columns of which the hashes leave something open, and the columns whose witnesses tell it. */
const OPEN: Readonly<Record<string, string>> = {
  ...themselves("user_commands", ["hash"]),
  ...themselves("blocks_user_commands", [
    "user_command_id",
    "sequence_no",
    "status",
    "failure_reason",
  ]),
  ...themselves("internal_commands", ["command_type", "receiver_id", "fee", "hash"]),
  ...themselves("blocks_internal_commands", [
    "internal_command_id",
    "sequence_no",
    "secondary_sequence_no",
  ]),
  // An account that a command leaves as it was has a row if that command was applied.
  "accounts_accessed.block_id": "blocks_user_commands.status",
};

function themselves(table: FilledTable, columns: readonly string[]): Record<string, string> {
  return Object.fromEntries(columns.map((column) => [`${table}.${column}`, `${table}.${column}`]));
}

/** Whose signature covers it. */
const SIGNED = "user_commands.hash";

const STATUS = "blocks.chain_status";

type By = Readonly<Record<string, readonly string[]>>;

/**
 * Of the rows that a run looked at.
 * @param by the proofs of each column that is proven. One that rests on an earlier run alone is left out.
 */
export function restsOf(by: By, witnesses: Witnesses): RestsOn {
  const rests: Record<string, Rest> = {};
  for (const [column, proofs] of Object.entries(by)) {
    const rest = restOf(column, proofs, { by, witnesses });
    if (rest !== null) rests[column] = rest;
  }
  return rests;
}

function restOf(
  column: string,
  proofs: readonly string[],
  { by, witnesses }: { readonly by: By; readonly witnesses: Witnesses },
): Rest | null {
  const open = column === STATUS && witnesses.hasPending ? column : OPEN[column];
  if (open === undefined && proofs.some(isOfChain)) return "chain";
  const told = (by[open ?? column] ?? []).map(witnessOf);
  const files = told.includes("file") ? witnesses.files : 0;
  if (column === SIGNED && files > 0 && witnesses.isSigned) return "signature";
  const count = files + (told.includes("archive") ? 1 : 0);
  if (count > 1) return `${count} sources agree`;
  if (count === 0) return null;
  return files > 0 ? "one file" : "one archive";
}

function isOfChain(proof: string): boolean {
  return proof !== EARLIER && witnessOf(proof) === undefined;
}

function witnessOf(proof: string): "archive" | "file" | undefined {
  return Object.hasOwn(WITNESS, proof) ? WITNESS[proof as keyof typeof WITNESS] : undefined;
}

/** Jobs that did not tell it have compared the source's commands with one file of each block. */
const BEFORE_IT_WAS_TOLD: Rest = "2 sources agree";

/**
 * Of the rows that an earlier run has proven.
 * @param told what it said of columns that rest on something else than the chain; undefined: it was not asked yet.
 */
export function restsBefore(columns: readonly string[], told: RestsOn | undefined): RestsOn {
  const untold = (column: string): Rest =>
    told === undefined && Object.hasOwn(OPEN, column) ? BEFORE_IT_WAS_TOLD : "chain";
  return Object.fromEntries(columns.map((column) => [column, told?.[column] ?? untold(column)]));
}

/** Of both parts together: of each column the weaker of the two. */
export function weakerOf(before: RestsOn, now: RestsOn): RestsOn {
  return Object.fromEntries(
    Object.entries(before).map(([column, rest]) => {
      const other = now[column];
      return [column, other !== undefined && strength(other) < strength(rest) ? other : rest];
    }),
  );
}

function strength(rest: Rest): number {
  if (rest === "chain") return Number.POSITIVE_INFINITY;
  if (rest === "signature") return Number.MAX_VALUE;
  return /^\d+ sources agree$/.test(rest) ? Number.parseInt(rest, 10) : 1;
}

/** What is remembered of a proof: the columns that rest on something else than the chain. */
export function openRests(rests: RestsOn): RestsOn {
  return Object.fromEntries(Object.entries(rests).filter(([, rest]) => rest !== "chain"));
}
