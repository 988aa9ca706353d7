// Restores a plain SQL dump into an empty database, without psql: statement by statement, COPY data
// as a stream, everything in one transaction.

import { ConfigError, ForkliftError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { DUMP_END_MARK } from "./dump-frame.ts";
import { ruleFor } from "./restore-rules.ts";
import type { Session } from "./session.ts";
import { sqlStateOf } from "./sqlstate.ts";
import {
  type DumpCopy,
  type DumpLine,
  type DumpStatement,
  firstWords,
  splitDump,
} from "./statement-splitter.ts";

/** How much of the beginning is looked at to tell SQL from something else. */
const HEAD_BYTES = 1024;

export interface RestoreProgress {
  readonly statements: number;
  readonly copiedRows: number;
  /** Of SQL, unpacked. */
  readonly bytes: number;
}

export interface RestoreOptions {
  /** Called after every part and every chunk of data; must be quick. */
  readonly onProgress?: (progress: RestoreProgress) => void;
  readonly signal?: AbortSignal;
}

/**
 * Reads the dump to its end and commits only then: a restore that fails, or a process that dies,
 * leaves the database as empty as it was. A dump made with --create goes into the session's
 * database all the same. Owners and grants are left out, for the roles of the source need not exist
 * here.
 * @throws SourceDataError naming statement and byte when the dump is not whole or not right.
 * @throws ConfigError when the database is not empty.
 */
export async function restoreDump(
  session: Session,
  sql: AsyncIterable<Uint8Array>,
  options: RestoreOptions = {},
): Promise<RestoreProgress> {
  await requireEmpty(session);
  const knownSettings = await readSettingNames(session);
  const run = new RestoreRun(session, knownSettings, options);
  // One transaction is right for an archive: its size costs a rollback nothing, minimal WAL is
  // written for tables made in it, and its few dozen tables stay far below the limit on locks.
  await session.transaction(() => run.restore(sql));
  // The dump's own settings (an empty search path, no lock timeout) were committed with it.
  await session.resetSettings();
  return run.progress;
}

class RestoreRun {
  readonly #session: Session;
  readonly #knownSettings: ReadonlySet<string>;
  readonly #options: RestoreOptions;
  #statements = 0;
  #copiedRows = 0;
  #bytes = 0;
  #connect: string | undefined;

  constructor(session: Session, knownSettings: ReadonlySet<string>, options: RestoreOptions) {
    this.#session = session;
    this.#knownSettings = knownSettings;
    this.#options = options;
  }

  get progress(): RestoreProgress {
    return { statements: this.#statements, copiedRows: this.#copiedRows, bytes: this.#bytes };
  }

  async restore(sql: AsyncIterable<Uint8Array>): Promise<void> {
    let isComplete = false;
    for await (const part of splitDump(this.#watched(sql))) {
      if (part.kind === "comment") {
        isComplete ||= part.text.includes(DUMP_END_MARK);
      } else {
        await this.#restorePart(part);
      }
      this.#options.onProgress?.(this.progress);
    }
    if (isComplete) return;
    throw new SourceDataError(
      `the dump ends at byte ${this.#bytes}, after statement ${this.#statements}, ` +
        `without "${DUMP_END_MARK}"`,
      { hint: "the dump is incomplete; get it again" },
    );
  }

  /** Counts, heeds the signal, and refuses what cannot be SQL before any of it is sent. */
  async *#watched(sql: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of sql) {
      if (this.#options.signal?.aborted === true) {
        throw new TryAgainError("stopped by a signal while restoring a dump", {
          hint: "run the same command again; the restore starts over",
        });
      }
      if (this.#bytes === 0) requireSql(chunk);
      this.#bytes += chunk.length;
      yield chunk;
      this.#options.onProgress?.(this.progress);
    }
  }

  async #restorePart(part: DumpStatement | DumpCopy | DumpLine): Promise<void> {
    if (part.kind !== "statement" && part.kind !== "copy") {
      this.#obey(part.text, part.offset);
      return;
    }
    try {
      if (part.kind === "copy") await this.#copy(part);
      else await this.#execute(part.text);
    } catch (error) {
      if (error instanceof ForkliftError || sqlStateOf(error) === undefined) throw error;
      throw new SourceDataError(
        `statement ${part.number} at byte ${part.offset} fails: ${firstWords(part.text)}: ` +
          `${(error as Error).message}`,
        { cause: error, hint: "check that this is a dump of an archive database, made by pg_dump" },
      );
    }
    this.#statements += 1;
  }

  async #copy({ text, data }: DumpCopy): Promise<void> {
    this.#copiedRows += await this.#session.copyBytesIn(text, data);
  }

  async #execute(text: string): Promise<void> {
    const rule = ruleFor(text, this.#knownSettings);
    if (rule === "run") await this.#session.query(text);
    if (typeof rule === "object") throw new SourceDataError(rule.refuse);
  }

  /** psql's own commands. pg_dump writes \restrict, \unrestrict and, with --create, \connect. */
  #obey(command: string, offset: number): void {
    const name = command.split(/\s/, 1)[0];
    if (name === "\\restrict" || name === "\\unrestrict") return;
    if (name === "\\connect") this.#connect ??= command;
    if (name === "\\connect" && command === this.#connect) return;
    throw new SourceDataError(
      name === "\\connect"
        ? `the dump connects to a second database at byte ${offset}: ${firstWords(command)}`
        : `the dump has a psql command at byte ${offset}: ${firstWords(command)}`,
      { hint: "give the dump of one database, as pg_dump writes it" },
    );
  }
}

async function requireEmpty(session: Session): Promise<void> {
  const [row] = await session.query<{ table: string | null }>(
    `select min(c.relname) as "table" from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p') and n.nspname = 'public'`,
  );
  if (row?.table == null) return;
  throw new ConfigError(
    `${session.maskedUrl} is not empty: it has a table "${row.table}", expected none`,
    { hint: "give the URL of a database that does not exist yet" },
  );
}

async function readSettingNames(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>("select lower(name) as name from pg_settings");
  return new Set(rows.map(({ name }) => name));
}

function requireSql(chunk: Uint8Array): void {
  const head = Buffer.from(chunk.subarray(0, HEAD_BYTES));
  const what = head.subarray(0, 5).toString("latin1") === "PGDMP" ? "custom format" : undefined;
  // SQL begins with a comment, a psql command or a word.
  const isText = !head.includes(0) && /^(?:\s|--|\/\*|\\|[a-z])/i.test(head.toString("latin1"));
  if (what === undefined && isText) return;
  const seen = JSON.stringify(head.subarray(0, 24).toString("latin1"));
  throw new SourceDataError(
    `not a plain SQL dump: expected statements, ` +
      `found ${what ?? "something else"}, beginning ${seen}`,
    { hint: "give a dump in pg_dump's plain format" },
  );
}
