// What of a block a source has otherwise than its verified file, and what each difference needs to be settled: which
// of the two is right. Pure. docs/healing.md has the reasons.

import type { Healed, HealedPart, SourceRows, SourceTexts } from "@forklift/archive";
import {
  type BlockRef,
  FormatError,
  type IncludedInternalCommand,
  type IncludedUserCommand,
} from "@forklift/chain";
import { stateColumnsOf } from "../blocks/merge-block.ts";
import type { ProvenBlock } from "../blocks/proven-block.ts";
import {
  BLOCK_COLUMNS,
  INTERNAL_COMMAND_COLUMNS,
  inSource,
  USER_COMMAND_COLUMNS,
} from "../blocks/source-columns.ts";
import { likeIn, pairRows, type RowPair } from "./row-pairs.ts";

/** `chain`: nothing, the hashes of the chain demand the file's; `agreement`: of several block sources. */
export type SettlementNeed = "chain" | "signature" | "agreement";

export interface Difference extends Omit<Healed, "settledBy"> {
  readonly need: SettlementNeed;
  /** The values behind it, for whoever mends the source. */
  readonly row: RowPair;
}

const STATUS_COLUMN = "blocks.chain_status";

/**
 * Of the rows of a block; of several rows in `blocks`, all but the best are too many.
 * @param status what the source should call it; null where that is its own affair.
 */
export function differencesOf(
  ref: BlockRef,
  rows: readonly SourceRows[],
  file: ProvenBlock,
  status: string | null,
): Difference[] {
  if (rows.length === 0) return [missingBlock(ref, file)];
  const compared = rows
    .map((row) => ({ row, differences: differencesOfRow(ref, row, file, status) }))
    .sort((a, b) => a.differences.length - b.differences.length);
  const [best, ...others] = compared;
  return [...best!.differences, ...others.map(({ row }) => repeatedBlock(ref, row))];
}

/** Of its commands alone, which no state hash covers. */
export function hasSameCommands(rows: readonly SourceRows[], file: Commands): boolean {
  return rows.some(
    ({ userCommands, internalCommands }) =>
      isSame(userCommands, userTextsOf(file)) && isSame(internalCommands, internalTextsOf(file)),
  );
}

/** @throws FormatError for a file with other commands than that one. */
export function requireSameCommandsAs(file: Commands, other: Commands): void {
  const isOther =
    !isSame(userTextsOf(file), userTextsOf(other)) ||
    !isSame(internalTextsOf(file), internalTextsOf(other));
  if (isOther) throw new FormatError("other commands than those of the file that was compared");
}

function isSame(found: readonly SourceTexts[], expected: readonly SourceTexts[]): boolean {
  return (
    found.length === expected.length &&
    expected.every(
      (row, at) => columnsThatDiffer({ found: found[at]!, expected: row }).length === 0,
    )
  );
}

function differencesOfRow(
  ref: BlockRef,
  { block, userCommands, internalCommands }: SourceRows,
  file: ProvenBlock,
  status: string | null,
): Difference[] {
  const isStatusRight =
    status === null || block["chainStatus"] === status || isUndecided(block, status);
  const expected = {
    ...textsOf(stateColumnsOf(file.protocolState)),
    ...(isStatusRight ? {} : { chainStatus: status }),
  };
  const row = { found: block, expected };
  const columns: Readonly<Record<string, string>> = {
    ...BLOCK_COLUMNS,
    chainStatus: STATUS_COLUMN,
  };
  const ofBlock = columnsThatDiffer(row).map((name) =>
    columnDifference(name, {
      ...{ part: "block", key: keyOf(ref), columns, row, need: "chain" },
    }),
  );
  return [
    ...ofBlock,
    ...userDifferences(ref, pairUserCommands(userCommands, userTextsOf(file))),
    ...internalDifferences(ref, pairInternalCommands(internalCommands, internalTextsOf(file))),
  ];
}

/** Above the canonical chain a source says of a block that it is not decided. */
function isUndecided(block: SourceTexts, status: string): boolean {
  return status === "pending" && block["chainStatus"] === null;
}

function missingBlock(ref: BlockRef, file: ProvenBlock): Difference {
  const user = userTextsOf(file);
  const internal = internalTextsOf(file);
  const needs = [
    ...userDifferences(ref, pairUserCommands([], user)),
    ...internalDifferences(ref, pairInternalCommands([], internal)),
  ].map(({ need }) => need);
  return {
    ...{ part: "all", table: "blocks", key: keyOf(ref), column: "*", ofSource: "no row" },
    ofFile: `a block with ${user.length} user commands and ${internal.length} internal commands`,
    need: strongest(needs),
    row: { found: null, expected: textsOf(stateColumnsOf(file.protocolState)) },
  };
}

function repeatedBlock(ref: BlockRef, { id, block }: SourceRows): Difference {
  return {
    ...{ part: "block", table: "blocks", key: `${keyOf(ref)}, id ${id}`, column: "*" },
    ...{ ofSource: "a second row", ofFile: "no row", need: "chain" },
    row: { found: { ...block, id }, expected: null },
  };
}

export function strongest(needs: readonly SettlementNeed[]): SettlementNeed {
  if (needs.includes("agreement")) return "agreement";
  return needs.includes("signature") ? "signature" : "chain";
}

const ALL_OF_USER = Object.keys(USER_COMMAND_COLUMNS);

function pairUserCommands(found: readonly SourceTexts[], expected: readonly SourceTexts[]) {
  return pairRows(found, expected, [likeIn(...ALL_OF_USER), likeIn("hash"), likeIn("sequenceNo")]);
}

const ALL_OF_INTERNAL = Object.keys(INTERNAL_COMMAND_COLUMNS);
const INTERNAL_PLACE = ["sequenceNo", "secondarySequenceNo"];

function pairInternalCommands(found: readonly SourceTexts[], expected: readonly SourceTexts[]) {
  return pairRows(found, expected, [
    likeIn(...ALL_OF_INTERNAL),
    likeIn("type", "receiver", "fee"),
    likeIn("type", ...INTERNAL_PLACE),
    likeIn(...INTERNAL_PLACE),
  ]);
}

/** What follows for the replay or for the receipt chain of the fee payer whatever the signature is. */
const OUTCOME = new Set(["status", "failureReason"]);

/**
 * The chain covers what a command says and does, but neither its signature, which its hash covers, nor the order of
 * commands that commute. Where one alone is not at its place, the places of the others leave one for it; those of
 * one fee payer stand in the order of their nonces.
 */
function userDifferences(ref: BlockRef, pairs: readonly RowPair[]): Difference[] {
  const moved = pairs.flatMap(({ found, expected }) =>
    expected !== null && found?.["sequenceNo"] !== expected["sequenceNo"] ? [expected] : [],
  );
  const payers = new Set(moved.map((row) => row["feePayer"]));
  const isPlaced = moved.length <= 1 || payers.size === 1;
  return pairs.flatMap((row) => {
    const { found, expected } = row;
    const of = { part: "user commands", columns: USER_COMMAND_COLUMNS, row } as const;
    const key = keyOf(ref, expected ?? found!, ["hash", "sequenceNo"]);
    if (expected === null) return [wholeRow({ ...of, key, need: "chain" })];
    if (found === null) {
      return [wholeRow({ ...of, key, need: isPlaced ? "signature" : "agreement" })];
    }
    const isHashRight = found["hash"] === expected["hash"];
    return columnsThatDiffer(row).map((name) => {
      const isOutcome = OUTCOME.has(name);
      const placed: SettlementNeed = isPlaced ? "chain" : "agreement";
      const said: SettlementNeed = isHashRight || isOutcome ? "chain" : "signature";
      const need = name === "sequenceNo" ? placed : said;
      return columnDifference(name, { ...of, key, need });
    });
  });
}

/**
 * Balances say how much each account was given in all. That settles one command where all others are the same, and
 * leaves open how several share it.
 */
function internalDifferences(ref: BlockRef, pairs: readonly RowPair[]): Difference[] {
  const isOfMoney = (row: RowPair) =>
    columnsThatDiffer(row).some((name) => name !== "hash" && row.expected !== null);
  const altered = pairs.filter((row) => row.found === null || isOfMoney(row));
  const extra = pairs.filter(({ expected }) => expected === null);
  const isClear = altered.length === 0 || (altered.length === 1 && extra.length === 0);
  const isOpen = !isClear || [...altered, ...extra].some((row) => isWithoutEffect(row, pairs));
  const need: SettlementNeed = isOpen ? "agreement" : "chain";
  return pairs.flatMap((row) => {
    const { found, expected } = row;
    const of = { part: "internal commands", columns: INTERNAL_COMMAND_COLUMNS, row } as const;
    const key = keyOf(ref, expected ?? found!, ["type", ...INTERNAL_PLACE]);
    if (expected === null || found === null) return [wholeRow({ ...of, key, need })];
    const names = columnsThatDiffer(row);
    // Where all others are right, the hash follows from them.
    const ofColumn = names.length === 1 && names[0] === "hash" ? "chain" : need;
    return names.map((name) => columnDifference(name, { ...of, key, need: ofColumn }));
  });
}

/** What a coinbase pays to its own receiver leaves every balance as it is. */
function isWithoutEffect({ found, expected }: RowPair, pairs: readonly RowPair[]): boolean {
  const rows = [found, expected].filter((row) => row !== null);
  const ofCoinbase = new Set(
    pairs.flatMap((pair) =>
      [pair.found, pair.expected].flatMap((row) =>
        row?.["type"] === "coinbase" ? [row["receiver"]] : [],
      ),
    ),
  );
  return rows.some(
    (row) => row["type"] === "fee_transfer_via_coinbase" && ofCoinbase.has(row["receiver"]),
  );
}

interface Place {
  readonly part: HealedPart;
  readonly key: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly row: RowPair;
  readonly need: SettlementNeed;
}

function columnDifference(name: string, { columns, ...place }: Place): Difference {
  const [table, column] = columns[name]!.split(".") as [string, string];
  const { found, expected } = place.row;
  return {
    ...{ ...place, table, column },
    ofSource: inSource(found![name] ?? null),
    ofFile: inSource(expected![name] ?? null),
  };
}

function wholeRow({ columns: _columns, ...place }: Place): Difference {
  const table =
    place.part === "user commands" ? "blocks_user_commands" : "blocks_internal_commands";
  const { found, expected } = place.row;
  const [ofSource, ofFile] = [found, expected].map((row) =>
    row === null ? "no row" : `${row["type"]} ${row["hash"]}`,
  );
  return { ...place, table, column: "*", ofSource: ofSource!, ofFile: ofFile! };
}

function columnsThatDiffer({ found, expected }: RowPair): string[] {
  if (found === null || expected === null) return [];
  return Object.keys(expected).filter((name) => (found[name] ?? null) !== expected[name]);
}

const KEY_COLUMNS: Readonly<Record<string, string>> = {
  hash: "hash",
  type: "type",
  sequenceNo: "sequence_no",
  secondarySequenceNo: "secondary_sequence_no",
};

function keyOf(
  { height, stateHash }: BlockRef,
  row: SourceTexts = {},
  names: readonly string[] = [],
): string {
  const parts = names.map((name) => `${KEY_COLUMNS[name]} ${row[name] ?? "NULL"}`);
  return [`height ${height}`, `state_hash ${stateHash}`, ...parts].join(", ");
}

type Commands = Pick<ProvenBlock, "userCommands" | "internalCommands">;

function userTextsOf({ userCommands }: Pick<Commands, "userCommands">): SourceTexts[] {
  return userCommands.map(flat);
}

function internalTextsOf({ internalCommands }: Pick<Commands, "internalCommands">): SourceTexts[] {
  return internalCommands.map(flat);
}

function flat({ command, ...inclusion }: IncludedUserCommand | IncludedInternalCommand) {
  return { ...textsOf(command), ...textsOf(inclusion) };
}

function textsOf(values: object): SourceTexts {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : String(value)]),
  );
}
