// Compares the commands of a block in the source with those in its precomputed block. The hashes of
// the latter were recomputed, so that an equal hash proves the whole command.

import type { BlockRef, IncludedInternalCommand, IncludedUserCommand } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { INTERNAL_COMMAND_COLUMNS, inSource, USER_COMMAND_COLUMNS } from "./source-columns.ts";

interface Commands {
  readonly userCommands: readonly IncludedUserCommand[];
  readonly internalCommands: readonly IncludedInternalCommand[];
}

/** @throws SourceDataError naming the first command that differs, what differs and both values. */
export function requireSameCommands(source: BlockRef & Commands, proven: Commands): void {
  requireSame(source, "user command", {
    found: source.userCommands,
    expected: proven.userCommands,
    columns: USER_COMMAND_COLUMNS,
  });
  requireSame(source, "internal command", {
    found: source.internalCommands,
    expected: proven.internalCommands,
    columns: INTERNAL_COMMAND_COLUMNS,
  });
}

type Inclusion = IncludedUserCommand | IncludedInternalCommand;

interface Inclusions<Included extends Inclusion> {
  readonly found: readonly Included[];
  readonly expected: readonly Included[];
  /** Of the source, by our names of the values. */
  readonly columns: Readonly<Record<string, string>>;
}

function requireSame<Included extends Inclusion>(
  block: BlockRef,
  kind: string,
  { found, expected, columns }: Inclusions<Included>,
): void {
  const count = Math.max(found.length, expected.length);
  for (let at = 0; at < count; at++) {
    const difference = firstDifference(found[at], expected[at]);
    if (difference === null) continue;
    const { hash } = (expected[at] ?? found[at])!.command;
    // Else every command after a lost one would be compared with its neighbour.
    const isLost =
      found.length < expected.length && !found.some(({ command }) => command.hash === hash);
    const { name, ofSource, ofFile } = isLost ? lost(hash) : difference;
    throw new SourceDataError(
      `${kind} ${at + 1} (${hash}) of block ${block.stateHash} at height ${block.height}: the source ` +
        `has ${columns[name] ?? name} ${ofSource}, its precomputed block has ${ofFile}`,
      {
        hint:
          "the replay's ledger hashes show which one is right: repair the source archive's " +
          `rows${isLost ? ", which lack that command or what it refers to" : ""}; or run with --heal, which takes ` +
          "what is settled from the block file",
      },
    );
  }
}

interface Difference {
  readonly name: string;
  readonly ofSource: string;
  readonly ofFile: string;
}

function lost(hash: string): Difference {
  return { name: "command", ofSource: "none", ofFile: hash };
}

/** Null when the two are the same. */
function firstDifference(
  found: Inclusion | undefined,
  expected: Inclusion | undefined,
): Difference | null {
  if (found === undefined || expected === undefined) {
    const said = (inclusion: Inclusion | undefined) => inclusion?.command.hash ?? "none";
    return { name: "command", ofSource: said(found), ofFile: said(expected) };
  }
  return differenceIn(found.command, expected.command) ?? differenceIn(found, expected);
}

/** Of plain values; what is an object is compared on its own. */
function differenceIn(found: object, expected: object): Difference | null {
  // Every command of the chain comes by here: no list of entries is made of it.
  for (const name in expected) {
    const ofSource: unknown = found[name as keyof typeof found];
    const ofFile: unknown = expected[name as keyof typeof expected];
    if (ofSource === ofFile || (typeof ofFile === "object" && ofFile !== null)) continue;
    return { name, ofSource: inSource(ofSource), ofFile: inSource(ofFile) };
  }
  return null;
}
