// Restores a plain SQL dump into an empty database, without psql: what is understood of each statement
// and allowed runs, COPY data goes in as a stream, everything in one transaction.

import { DamagedDataError, ForkliftError, SourceDataError } from "@forklift/pipeline";
import { DUMP_END_MARK } from "../dump/dump-frame.ts";
import type { Session } from "../session/session.ts";
import { sqlStateOf } from "../session/sqlstate.ts";
import { stopIfAborted, stopped } from "../session/stopped.ts";
import { requireRestorable } from "./empty-database.ts";
import { StatementJudge, type Verdict } from "./judge-statement.ts";
import { type LeftOut, LeftOutList } from "./left-out.ts";
import { PsqlCommands } from "./psql-commands.ts";
import { type DumpDigest, type RestoredTable, saveRestoredDump } from "./restored-dump.ts";
import {
  type DumpCopy,
  type DumpLine,
  type DumpStatement,
  firstWords,
  splitDump,
} from "./statement-splitter.ts";
import { untilAborted } from "./until-aborted.ts";

/** How much of the beginning is read to detect whether it is SQL. */
const HEAD_BYTES = 1024;

const NEXT_STEP = "check that this is a dump of an archive database, made by pg_dump";
const REFUSED_STEP =
  "docs/dumps.md says what a dump may do; if you trust this one, restore it with psql and give the database";

/**
 * The server reads names and values by these, whatever the role or the database has as its default.
 * Statements arrive with every name in its schema, so a search path would only hide a mistake.
 * A server that can (14 and newer, on Linux) notices within seconds that we were killed.
 */
const READER_SETTINGS = `
set local client_encoding = 'UTF8';
set local standard_conforming_strings = on;
set local search_path = pg_catalog;
set local datestyle = 'ISO, MDY';
set local intervalstyle = 'postgres';
set local timezone = 'UTC';
set local array_nulls = on;
set local transform_null_equals = off;
select set_config(name, '10s', true) from pg_settings
where name = 'client_connection_check_interval' and setting = '0'`;

export interface RestoreProgress {
  readonly statements: number;
  readonly copiedRows: number;
  /** Of SQL, unpacked. */
  readonly bytes: number;
}

export interface RestoreResult extends RestoreProgress {
  /** By name. */
  readonly tables: readonly RestoredTable[];
  readonly leftOut: readonly LeftOut[];
}

export interface RestoreOptions {
  /** Called after every part and every chunk of data; must be quick. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  /** Ends the restore, a statement that is under way included. */
  readonly signal?: AbortSignal | undefined;
  /** Called when all rows are in and nothing is committed; an error that it throws rolls back. */
  readonly accept?: (session: Session) => Promise<void>;
  /** Of the dump as it is stored; called likewise, and kept in the database beside the rows. */
  readonly digest?: () => DumpDigest;
}

/**
 * Reads the dump to its end and commits only then: a restore that fails, or a process that dies,
 * leaves the database as empty as it was. A dump made with --create goes into the session's
 * database all the same.
 * @throws SourceDataError naming statement and byte when the dump is not whole, not right, or does
 * what the dump of an archive has no reason to do.
 * @throws ConfigError when the database is not empty, or the role may not fill it.
 */
export async function restoreDump(
  session: Session,
  sql: AsyncIterable<Uint8Array>,
  options: RestoreOptions = {},
): Promise<RestoreResult> {
  await requireRestorable(session);
  const run = new RestoreRun(session, options);
  try {
    await session.endedBy(options.signal, () => session.transaction(() => run.restore(sql)));
  } catch (error) {
    // The server's word for it would be that a user canceled a statement.
    throw options.signal?.aborted === true ? stopped("restoring", error) : error;
  }
  return run.result;
}

/**
 * One transaction is right for an archive: its size costs a rollback nothing, minimal WAL is written
 * for tables made in it, and its few dozen tables stay far below the limit on locks.
 */
class RestoreRun {
  readonly #session: Session;
  readonly #options: RestoreOptions;
  readonly #judge = new StatementJudge();
  readonly #commands = new PsqlCommands();
  readonly #leftOut = new LeftOutList();
  readonly #rows = new Map<string, number>();
  #statements = 0;
  #copiedRows = 0;
  #bytes = 0;
  #isComplete: boolean = false;

  constructor(session: Session, options: RestoreOptions) {
    this.#session = session;
    this.#options = options;
  }

  get progress(): RestoreProgress {
    return { statements: this.#statements, copiedRows: this.#copiedRows, bytes: this.#bytes };
  }

  get result(): RestoreResult {
    // A table that no COPY and no INSERT names is there, and empty.
    const names = new Set([...this.#judge.tables, ...this.#rows.keys()]);
    const tables = [...names].sort().map((name) => ({ name, rows: this.#rows.get(name) ?? 0 }));
    return { ...this.progress, tables, leftOut: this.#leftOut.kinds() };
  }

  async restore(sql: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#session.query(READER_SETTINGS);
    for await (const part of splitDump(this.#watched(sql), this.#judge.rules)) {
      stopIfAborted(this.#options.signal, "restoring");
      if (part.kind === "statement" || part.kind === "copy") await this.#restorePart(part);
      else if (part.kind === "command") await this.#obey(part);
      else this.#isComplete ||= part.text === `-- ${DUMP_END_MARK}`;
      this.#options.onProgress?.(this.progress);
    }
    this.#requireWhole();
    await this.#session.query("set local search_path = public");
    await this.#options.accept?.(this.#session);
    const { digest } = this.#options;
    if (digest !== undefined) await saveRestoredDump(this.#session, digest(), this.result);
  }

  #requireWhole(): void {
    const where = `the dump ends at byte ${this.#bytes}, after statement ${this.#statements}`;
    if (!this.#isComplete || this.#judge.isInTransaction) {
      throw new DamagedDataError(`${where}, without "${DUMP_END_MARK}" behind its last statement`, {
        hint: "the dump is incomplete; get it again",
      });
    }
    if (this.#rows.size > 0) return;
    throw new SourceDataError(`${where}, and has made no table with rows`, { hint: NEXT_STEP });
  }

  /** Counts, heeds the signal, and refuses what cannot be SQL before any of it is sent. */
  async *#watched(sql: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of untilAborted(sql, this.#options.signal, () => stopped("restoring"))) {
      if (this.#bytes === 0) requireSql(chunk);
      this.#bytes += chunk.length;
      yield chunk;
      this.#options.onProgress?.(this.progress);
    }
  }

  async #obey({ text, offset }: DumpLine): Promise<void> {
    const verdict = this.#commands.obey(text, offset, this.#judge.isAtBeginning);
    switch (verdict.kind) {
      case "left out":
        this.#leftOut.add("psql settings", { statement: null, byte: offset, text });
        return;
      case "connected":
        this.#judge.reconnect();
        await this.#session.query(READER_SETTINGS);
        return;
      case "encoding":
        this.#requireEncoding(verdict.name, offset);
        return;
      case "noted":
        return;
    }
  }

  /** As `SET client_encoding`, which pg_dump writes as well. */
  #requireEncoding(name: string, offset: number): void {
    const verdict = this.#judge.judge(`SET client_encoding = '${name}';`);
    if (verdict.kind !== "refused") return;
    throw new SourceDataError(`at byte ${offset}: ${verdict.why}`, { hint: REFUSED_STEP });
  }

  async #restorePart(part: DumpStatement | DumpCopy): Promise<void> {
    const verdict = this.#judge.judge(part.text);
    // Something that matters must have the mark behind it.
    if (verdict.kind !== "noted") this.#isComplete = false;
    try {
      await this.#carryOut(verdict, part);
    } catch (error) {
      if (error instanceof ForkliftError || sqlStateOf(error) === undefined) throw error;
      // Of a COPY the server says in which line and column.
      const { message, where } = error as Error & { readonly where?: string };
      const place = where === undefined ? "" : ` (${firstWords(where)})`;
      throw refusal(part, `fails: ${message}${place}`, { cause: error, hint: NEXT_STEP });
    }
    this.#statements += 1;
  }

  async #carryOut(verdict: Verdict, part: DumpStatement | DumpCopy): Promise<void> {
    switch (verdict.kind) {
      case "refused":
        throw refusal(part, `may not run: ${verdict.why}`, { hint: REFUSED_STEP });
      case "left out":
        if (part.kind === "copy") await passOver(part.data);
        this.#leftOut.add(verdict.what, {
          statement: part.number,
          byte: part.offset,
          text: part.text,
        });
        return;
      case "setting":
        await this.#session.query("select pg_catalog.set_config($1, $2, true)", [
          verdict.name,
          verdict.value,
        ]);
        return;
      case "run":
        await this.#session.execute(verdict.sql);
        return;
      case "rows":
        await this.#addRows(verdict, part);
        return;
      case "noted":
        return;
    }
  }

  async #addRows({ sql, table }: Verdict & { kind: "rows" }, part: DumpStatement | DumpCopy) {
    const count =
      part.kind === "copy"
        ? await this.#session.copyBytesIn(sql, withoutNul(part))
        : await this.#session.execute(sql);
    this.#copiedRows += count;
    this.#rows.set(table, (this.#rows.get(table) ?? 0) + count);
  }
}

function refusal(
  { number, offset, text }: DumpStatement | DumpCopy,
  what: string,
  options: { readonly cause?: unknown; readonly hint: string },
): SourceDataError {
  return new SourceDataError(
    `statement ${number} at byte ${offset} ${what}: ${firstWords(text)}`,
    options,
  );
}

/** The server would report a wrong encoding without its location. */
async function* withoutNul({ data, number, text }: DumpCopy): AsyncGenerator<Buffer> {
  let bytes = 0;
  for await (const chunk of data) {
    const at = chunk.indexOf(0);
    if (at >= 0) {
      throw new SourceDataError(
        `the rows of statement ${number} hold a NUL at byte ${bytes + at} of them: ${firstWords(text)}`,
        {
          hint: "the dump is damaged; get it again",
        },
      );
    }
    bytes += chunk.length;
    yield chunk;
  }
}

async function passOver(data: AsyncIterable<Buffer>): Promise<void> {
  for await (const _chunk of data);
}

function requireSql(chunk: Uint8Array): void {
  const head = Buffer.from(chunk.subarray(0, HEAD_BYTES));
  // SQL begins with a comment, a psql command or a word.
  const isText = !head.includes(0) && /^(?:\s|--|\/\*|\\|[a-z])/i.test(head.toString("latin1"));
  if (isText) return;
  const seen = JSON.stringify(head.subarray(0, 24).toString("latin1"));
  throw new SourceDataError(`not a plain SQL dump: expected statements, found ${seen}`, {
    hint: "give a dump as pg_dump writes it",
  });
}
