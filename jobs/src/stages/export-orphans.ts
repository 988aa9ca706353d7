// What a canonical migration leaves behind, as JSON lines: every orphaned block of the source, on demand the
// pending ones too, each with all its rows and the name of its precomputed block.

import { lstat, mkdir, readdir, rename } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  countLeftBehind,
  type LeftBehindBlock,
  type LeftBehindCounts,
  readLeftBehind,
} from "@forklift/archive";
import { blockFileName, jsonNumber } from "@forklift/chain";
import { forkliftVersion } from "@forklift/console";
import { openWorkDirectory } from "@forklift/context";
import {
  type Check,
  ConfigError,
  SourceDataError,
  throwIfStopped,
  type WholeStage,
} from "@forklift/pipeline";
import { type Session, snapshot } from "@forklift/postgres";
import { digestStream, openStore, type WrittenObject } from "@forklift/storage";
import { errorCode, fileError } from "@forklift/system";

export interface ExportContext {
  readonly source: Session;
  readonly network: string;
  /** An empty folder, or one that is not there. */
  readonly out: string;
  readonly withPending: boolean;
  readonly date: () => Date;
  /** Is given the manifest once the folder is there. */
  readonly onExported: (manifest: ExportManifest) => void;
}

export interface ExportManifest {
  readonly version: 1;
  readonly network: string;
  /** ISO 8601. */
  readonly created: string;
  readonly forkliftVersion: string;
  /** Without its secrets. */
  readonly source: string;
  readonly chainStatuses: readonly ("orphaned" | "pending")[];
  readonly blocks: number;
  readonly orphanedBlocks: number;
  readonly pendingBlocks: number;
  readonly lowestHeight: number | null;
  readonly highestHeight: number | null;
  readonly userCommands: number;
  readonly internalCommands: number;
  /** Null when the role may not read them. */
  readonly balances: number | null;
  readonly files: readonly {
    readonly name: string;
    readonly lines: number;
    readonly bytes: number;
    readonly sha256: string;
  }[];
}

const BLOCKS_FILE = "blocks.jsonl";
const MANIFEST_FILE = "manifest.json";

type Counted = Omit<ExportManifest, "version">;

/** What is counted while the blocks pass. */
type Tally = {
  -readonly [Key in keyof Counted as Counted[Key] extends number | null
    ? Key
    : never]: Counted[Key];
};

export const exportOrphans: WholeStage<ExportContext, { readonly blocks: number }> = {
  id: "export-orphans",
  kind: "whole",

  async plan({ source, out, withPending }) {
    await requireEmpty(out);
    return { blocks: (await countLeftBehind(source, { withPending })).blocks };
  },

  async run(context, { blocks }, { signal, progress }) {
    const { source, out, withPending } = context;
    const parent = path.dirname(path.resolve(out));
    // Beside the folder that it becomes, so that it becomes that at once.
    await using work = await openWorkDirectory(parent);
    await requireReplaceable(out, path.join(work.path, "replaceable"));
    const folder = path.join(work.path, "export");
    await mkdir(folder);
    const store = openStore(pathToFileURL(`${folder}/`).href);
    const tally = emptyTally();
    const lines = async function* () {
      for await (const block of readLeftBehind(source, { withPending })) {
        throwIfStopped(signal, "export-orphans");
        count(tally, block);
        progress({ done: BigInt(tally.blocks), total: BigInt(blocks), unit: "blocks" });
        yield Buffer.from(`${JSON.stringify(lineOf(context.network, block))}\n`);
      }
    };
    const written = await snapshot(source, async () => {
      const file = await store.write(BLOCKS_FILE, lines());
      requireAll(source, tally, await countLeftBehind(source, { withPending }));
      return file;
    });
    const manifest = manifestOf(context, tally, written);
    await store.write(MANIFEST_FILE, oneChunk(`${JSON.stringify(manifest, null, 2)}\n`));
    await requireEmpty(out);
    // Takes the place of an empty folder.
    await rename(folder, out).catch((error: unknown) => {
      throw fileError(error, `make ${out}`);
    });
    context.onExported(manifest);
    return { rowCount: tally.blocks };
  },

  async verify({ out }) {
    const store = openStore(pathToFileURL(`${path.resolve(out)}/`).href);
    const { content } = (await store.read(MANIFEST_FILE))!;
    const { files } = JSON.parse(content.toString("utf8")) as ExportManifest;
    const checks: Check[] = [];
    for (const { name, sha256 } of files) {
      const { stream, digest } = digestStream((await store.open(name))!.stream);
      for await (const _chunk of stream);
      checks.push({ name: `SHA-256 of ${name}`, expected: sha256, actual: digest().sha256 });
    }
    return checks;
  },
};

/**
 * By counts that a query of their own has made in the same picture of the source.
 * @throws SourceDataError when rows refer to a command that is gone.
 */
function requireAll(source: Session, tally: Tally, counts: LeftBehindCounts): void {
  const tables = [
    ["blocks_user_commands", "userCommands", "user_commands"],
    ["blocks_internal_commands", "internalCommands", "internal_commands"],
  ] as const;
  for (const [table, of, commands] of tables) {
    if (tally[of] === counts[of]) continue;
    throw new SourceDataError(
      `the source ${source.maskedUrl} has ${counts[of]} rows of ${table} for the ${counts.blocks} blocks to be ` +
        `exported, and the command of ${tally[of]} of them: the others refer to rows of ${commands} that are gone`,
      {
        hint:
          `put the lost rows of ${commands} back from a dump of the archive that still has them, then run the same ` +
          "command again",
      },
    );
  }
}

/** @throws ConfigError */
async function requireEmpty(out: string): Promise<void> {
  const names = await readdir(out).catch((error: unknown) => {
    if (errorCode(error) === "ENOENT") return [];
    throw fileError(error, `read the folder ${out}`);
  });
  if (names.length === 0) return;
  throw new ConfigError(`the folder ${out} is not empty: it holds ${names.sort()[0]}`, {
    hint: "give --out an empty folder, or one that is not there yet",
  });
}

/**
 * Before hours of work, what its end does: an empty folder gives way to the one that was written.
 * @param aside a path in the folder that this one lies in, where nothing is.
 * @throws ConfigError
 */
async function requireReplaceable(out: string, aside: string): Promise<void> {
  const place = path.resolve(out);
  const found = await lstat(place).catch(() => null);
  if (found === null) return;
  const hint = "give --out a folder that is not there yet";
  if (found.isSymbolicLink()) {
    throw new ConfigError(`${out} is a symbolic link, expected a folder`, { hint });
  }
  try {
    await rename(place, aside);
    await rename(aside, place);
  } catch (cause) {
    throw new ConfigError(
      `the folder ${out} cannot be replaced by the one that is written beside it, as that of a mount cannot: ` +
        `${errorCode(cause) ?? cause}`,
      { cause, hint: `${hint}, below this one for example` },
    );
  }
}

function emptyTally(): Tally {
  return {
    ...{ blocks: 0, orphanedBlocks: 0, pendingBlocks: 0, lowestHeight: null, highestHeight: null },
    ...{ userCommands: 0, internalCommands: 0, balances: 0 },
  };
}

/** Blocks come in the order of their heights. */
function count(tally: Tally, block: LeftBehindBlock): void {
  const height = jsonNumber(block.height);
  tally.blocks += 1;
  tally[block.isPending ? "pendingBlocks" : "orphanedBlocks"] += 1;
  tally.lowestHeight ??= height;
  tally.highestHeight = height;
  tally.userCommands += block.userCommands.length;
  tally.internalCommands += block.internalCommands.length;
  if (block.balances === null) tally.balances = null;
  else if (tally.balances !== null) tally.balances += block.balances.length;
}

function lineOf(network: string, left: LeftBehindBlock): object {
  const { block, userCommands, internalCommands, balances } = left;
  return {
    file: blockFileName({ network, ...left }),
    block,
    userCommands,
    internalCommands,
    balances,
  };
}

function manifestOf(
  { network, source, withPending, date }: ExportContext,
  tally: Tally,
  { name, bytes, sha256 }: WrittenObject,
): ExportManifest {
  return {
    version: 1,
    network,
    created: date().toISOString(),
    forkliftVersion: forkliftVersion(),
    source: source.maskedUrl,
    chainStatuses: withPending ? ["orphaned", "pending"] : ["orphaned"],
    ...tally,
    files: [{ name, lines: tally.blocks, bytes: Number(bytes), sha256 }],
  };
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
