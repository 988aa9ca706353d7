// The SQL of a tar: of the one dump in it, or of the parts of one in pg_dump's directory or tar format.

import { peek } from "@forklift/compression";
import { SourceDataError } from "@forklift/pipeline";
import { isPart } from "./directory-dump.ts";
import { FORM_HEAD_BYTES, isCustomFormat } from "./form-of.ts";
import { isOfMacOs, type TarMember, tarEntries } from "./tar-entries.ts";

const DUMP_NAME = /\.sql(?:\.gz|\.zst)?$/;

export interface MemberReaders {
  /** The SQL of a member that is a dump by itself. */
  readonly dump: (body: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;
  /** The SQL of a tar whose members are the parts of one dump. */
  readonly parts: (entries: AsyncIterable<TarMember>) => AsyncIterable<Uint8Array>;
}

/** @throws SourceDataError when the tar is damaged, holds no dump or several. */
export async function* tarSql(
  tar: AsyncIterable<Uint8Array>,
  read: MemberReaders,
): AsyncGenerator<Uint8Array> {
  let found: string | undefined;
  const entries = tarEntries(tar);
  for await (const entry of entries) {
    const { name, type } = entry.header;
    if (isOfMacOs(name) || type !== "file") continue;
    if (isPart(name)) {
      if (found !== undefined) throw twoDumps(found, name);
      return yield* read.parts(beginningWith(entry, entries));
    }
    const { head, all } = await peek(entry.body, FORM_HEAD_BYTES);
    if (!DUMP_NAME.test(name) && !isCustomFormat(head)) continue;
    if (found !== undefined) throw twoDumps(found, name);
    found = name;
    yield* read.dump(all);
  }
  if (found !== undefined) return;
  throw new SourceDataError("the tar holds no dump: no .sql file, and none in pg_dump's formats", {
    hint: "give the dump of a database, or a tar with one",
  });
}

async function* beginningWith(
  first: TarMember,
  rest: AsyncGenerator<TarMember>,
): AsyncGenerator<TarMember> {
  yield first;
  yield* rest;
}

function twoDumps(first: string, second: string): SourceDataError {
  return new SourceDataError(`the tar holds two dumps, ${first} and ${second}; expected one`, {
    hint: "give the dump of one database",
  });
}
