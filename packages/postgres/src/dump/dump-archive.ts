// Reads a dump as it is stored: SQL, or one of the forms that pg_dump and others pack it in. The
// form is detected by content, whatever the file is called, and converted into SQL as a stream;
// only pg_dump's directory and tar formats touch the disk.

import { compressionOf, gunzip, peek, unzstd } from "@forklift/compression";
import { SourceDataError } from "@forklift/pipeline";
import { directoryDumpSql } from "../dump-forms/directory-dump.ts";
import { FORM_HEAD_BYTES, formOf, refuseForm } from "../dump-forms/form-of.ts";
import { customDumpSql } from "../dump-forms/pg-restore.ts";
import { tarSql } from "../dump-forms/tar-sql.ts";
import { utf8Sql } from "../dump-forms/utf8-sql.ts";
import { findPgRestore, type Program } from "../server/binaries.ts";

/** In messages. */
const WHAT = "the dump";

/** A tar in a gzip in a zstd is more than anybody means; without an end a hostile file would go on. */
const LAYERS_MAX = 4;

export interface DumpArchiveOptions {
  /** Ends a pg_restore that hangs. */
  readonly signal?: AbortSignal | undefined;
  /** Takes the parts of a dump in directory or tar format while it is read; default: the system's. */
  readonly scratchDirectory?: string;
  /** What turns pg_dump's own formats into SQL; default: the newest of this machine. */
  readonly pgRestore?: () => Promise<Program | undefined>;
}

/**
 * The SQL of a dump: .sql, .sql.gz, .sql.zst, a tar of it packed likewise, or pg_dump's custom,
 * directory (in a tar) or tar format.
 * @throws SourceDataError while reading, when the dump is damaged, or holds none or several.
 * @throws ConfigError when it takes a pg_restore that this machine has not.
 */
export async function* readDumpArchive(
  stream: AsyncIterable<Uint8Array>,
  options: DumpArchiveOptions = {},
): AsyncGenerator<Uint8Array> {
  yield* sqlOf(stream, { pgRestore: findPgRestore, ...options }, 1);
}

type Reading = DumpArchiveOptions & Required<Pick<DumpArchiveOptions, "pgRestore">>;

async function* sqlOf(
  stream: AsyncIterable<Uint8Array>,
  options: Reading,
  layer: number,
): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(stream, FORM_HEAD_BYTES);
  const inner = (bytes: AsyncIterable<Uint8Array>) => sqlOf(bytes, options, layer + 1);
  const compression = compressionOf(head);
  const form = compression === "none" ? formOf(head) : compression;
  if (layer > LAYERS_MAX && form !== "sql") throw await letGo(all, tooManyLayers());
  switch (form) {
    case "gzip":
      return yield* inner(gunzip(all, WHAT));
    case "zstd":
      return yield* inner(unzstd(all, WHAT));
    case "tar":
      return yield* tarSql(all, {
        dump: inner,
        parts: (entries) => directoryDumpSql(entries, options),
      });
    case "custom":
      return yield* customDumpSql(all, options);
    case "sql":
      return yield* utf8Sql(all);
    default:
      throw await letGo(all, refuseForm(form));
  }
}

/** A generator that was never begun would leave its stream open. */
async function letGo(
  stream: AsyncGenerator<Uint8Array>,
  error: SourceDataError,
): Promise<SourceDataError> {
  await stream.next();
  await stream.return(undefined);
  return error;
}

function tooManyLayers(): SourceDataError {
  return new SourceDataError(`the dump is packed more than ${LAYERS_MAX} times over`, {
    hint: "unpack it, and give the dump itself",
  });
}
