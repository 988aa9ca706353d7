// Packs a dump the way the network's archive dumps are published: one .sql in a gzipped tar.

import { createReadStream, createWriteStream, type WriteStream } from "node:fs";
import { rm, stat } from "node:fs/promises";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { defined, fileError } from "@forklift/system";
import { createTarPacker } from "modern-tar";
import { publishFile } from "./dump-file.ts";

/** Level 1 takes a third of the time of the default for files a tenth larger. */
const GZIP_LEVEL = 1;
const READ_BYTES = 256 * 1024;

export interface PackOptions {
  /** Written into the archive: with the time fixed, the same SQL gives the same bytes. */
  readonly mtime?: Date;
  /** Breaks it off; nothing is left then. */
  readonly signal?: AbortSignal;
}

/** @param memberName the name of the .sql inside; the archive is usually called `${it}.tar.gz`. */
export async function packDump(
  sqlPath: string,
  memberName: string,
  outPath: string,
  { mtime = new Date(0), signal }: PackOptions = {},
): Promise<void> {
  const partial = `${outPath}.partial`;
  let out: WriteStream | undefined;
  try {
    const { size } = await stat(sqlPath);
    const { readable, controller } = createTarPacker();
    // No owner either: who packed it is nobody's business, and would change the bytes.
    const header = {
      name: memberName,
      size,
      mtime,
      mode: 0o644,
      uid: 0,
      gid: 0,
      uname: "",
      gname: "",
    };
    const body = controller.add({ ...header, type: "file" });
    const sql = createReadStream(sqlPath, { highWaterMark: READ_BYTES });
    const feed = pipeline(sql, Writable.fromWeb(body)).then(() => controller.finalize());
    const gzip = createGzip({ level: GZIP_LEVEL });
    const options = defined({ signal });
    out = createWriteStream(partial);
    const write = pipeline(readable, gzip, out, options);
    await Promise.all([feed, write]);
    await publishFile(partial, outPath);
  } catch (error) {
    // A stream that is destroyed while it opens its file creates that file all the same.
    if (out?.closed === false) await closing(out.destroy());
    await rm(partial, { force: true });
    throw fileError(error, `pack ${sqlPath} into ${outPath}`);
  }
}

/** Whatever errors the stream reports before. */
async function closing(stream: WriteStream): Promise<void> {
  await new Promise<void>((resolve) => stream.once("close", resolve));
}
