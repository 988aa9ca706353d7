// A dump in pg_dump's directory format, packed in a tar, or in its tar format, whose parts have the same
// names: unpacked into a private folder, from which pg_restore makes SQL, and which is removed whatever happens.

import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { SourceDataError } from "@forklift/pipeline";
import { fileError } from "@forklift/system";
import { type PgRestoreOptions, requirePgRestore, runPgRestore } from "./pg-restore.ts";
import { isOfMacOs, type TarMember } from "./tar-entries.ts";
import { writePart } from "./write-part.ts";

export const CONTENTS = "toc.dat";

/** The table of contents, those of the large objects, and a file for each table or large object. */
const PART_NAME =
  /^(?:toc\.dat|blobs(?:_\d{1,10})?\.toc|(?:blob_)?\d{1,10}\.dat(?:\.(?:gz|lz4|zst))?)$/;
const IS_CONTENTS = /^toc\.dat$|\.toc$/;

/** An archive has a few dozen; a file for each costs the disk more than its bytes. */
const PARTS_MAX = 10_000;

/** pg_restore holds it whole; that of an archive has some 40 KB. */
const CONTENTS_BYTES_MAX = 16 * 1024 * 1024;

/** pg_dump's tar format has it for psql; pg_restore makes the same from the other parts. */
const SCRIPT = "restore.sql";

const NEXT = { hint: "give the dump as pg_dump wrote it, packed by tar with nothing beside it" };

export interface DirectoryDumpOptions extends PgRestoreOptions {
  readonly scratchDirectory?: string;
}

export function isPart(name: string): boolean {
  return PART_NAME.test(path.posix.basename(name));
}

/** @throws SourceDataError when there is anything but the parts of one dump, ConfigError, TryAgainError. */
export async function* directoryDumpSql(
  entries: AsyncIterable<TarMember>,
  { scratchDirectory = tmpdir(), ...options }: DirectoryDumpOptions,
): AsyncGenerator<Uint8Array> {
  // Checked first: a dump of many gigabytes is not unpacked in vain.
  const { program, version } = await requirePgRestore(options, "directory or tar format");
  const folder = await mkdtemp(path.join(scratchDirectory, "forklift-dump-")).catch((error) => {
    throw fileError(error, `make a folder in ${scratchDirectory}`);
  });
  try {
    await writeParts(entries, { folder, signal: options.signal });
    await requireContents(folder);
    const args = ["--format=directory", folder];
    yield* runPgRestore({ program, version }, { args, signal: options.signal });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function writeParts(
  entries: AsyncIterable<TarMember>,
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal | undefined },
): Promise<void> {
  const names = new Set<string>();
  let home: string | undefined;
  for await (const { header, body } of entries) {
    const { type } = header;
    const name = path.posix.normalize(header.name);
    if (isOfMacOs(name) || type === "directory") continue;
    if (type !== "file") throw unexpected(header.name, `is a ${type}, expected files only`);
    const base = path.posix.basename(name);
    if (base === SCRIPT) continue;
    if (!PART_NAME.test(base)) throw unexpected(header.name, "is no part of a dump");
    home ??= path.posix.dirname(name);
    if (path.posix.dirname(name) !== home) throw unexpected(header.name, `is not in ${home}`);
    if (names.has(base)) throw unexpected(header.name, "is there twice");
    if (names.size === PARTS_MAX) throw unexpected(header.name, `is one more than ${PARTS_MAX}`);
    if (IS_CONTENTS.test(base) && header.size > CONTENTS_BYTES_MAX) {
      throw unexpected(header.name, `has ${header.size} bytes, at most ${CONTENTS_BYTES_MAX}`);
    }
    names.add(base);
    // Never by the member's own name: where it lies, and that it is new, is ours to say.
    await writePart(path.join(folder, base), body, signal);
  }
  if (names.has(CONTENTS)) return;
  throw new SourceDataError(
    `the tar holds parts of a dump, ${[...names][0]} among them, but no ${CONTENTS}`,
    { hint: "pack the whole folder that pg_dump wrote, or get the dump again" },
  );
}

/**
 * pg_restore opens what the tables of contents name, wherever that lies: a name that climbs would put a
 * file of this machine into the database. Names are text in them, as they are.
 */
async function requireContents(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((part) => IS_CONTENTS.test(part))) {
    const contents = await readFile(path.join(folder, name));
    if (contents.includes("../")) throw unexpected(name, "names a file outside of the dump");
  }
}

function unexpected(name: string, why: string): SourceDataError {
  return new SourceDataError(
    `the dump is in directory or tar format, and its ${JSON.stringify(name)} ${why}`,
    NEXT,
  );
}
