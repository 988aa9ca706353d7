// What the tests of the forms of dumps share: reading one whole, and the cases of the shared folder.

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { sharedPath } from "@forklift/testkit";
import { packTar } from "modern-tar";
import { type DumpArchiveOptions, readDumpArchive } from "../../src/dump/dump-archive.ts";
import { findPgRestore } from "../../src/server/binaries.ts";

const CI = process.env["CI"] !== undefined;

/** The cases and a pg_restore are there, or the tests fail in CI. */
export const HAS_CASES = CI || existsSync(sharedPath("cases/dumps"));
export const HAS_PG_RESTORE = CI || (await findPgRestore()) !== undefined;

export function caseDump(name: string): Promise<Buffer> {
  return readFile(sharedPath(`cases/dumps/${name}`));
}

export async function* inPieces(bytes: Uint8Array, size = 65_536) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function sqlOf(
  bytes: string | Uint8Array,
  options: DumpArchiveOptions = {},
): Promise<string> {
  const chunks: Uint8Array[] = [];
  const stream = inPieces(Buffer.from(bytes));
  for await (const chunk of readDumpArchive(stream, options)) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Each pg_restore draws a word of its own, so that no dump can end psql's restricted mode. */
export const withoutDrawnWords = (sql: string) => sql.replace(/^\\(un)?restrict .*$/gm, "");

export interface Member {
  readonly name: string;
  readonly body: string | Uint8Array;
  readonly type?: "file" | "symlink" | "link" | "directory" | "character-device";
}

export async function tarOf(...members: readonly Member[]): Promise<Buffer> {
  const entries = members.map(({ name, body, type = "file" }) => {
    const isFile = type === "file";
    const linkname = isFile || type === "directory" ? {} : { linkname: "/etc/passwd" };
    const size = isFile ? Buffer.byteLength(body) : 0;
    return { header: { name, size, type, ...linkname }, ...(isFile ? { body } : {}) };
  });
  return Buffer.from(await packTar(entries));
}
