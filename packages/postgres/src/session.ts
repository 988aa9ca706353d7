// One held connection: queries, transactions, cursors and COPY in both directions.

import assert from "node:assert/strict";
import { pipeline } from "node:stream/promises";
import { TryAgainError } from "@forklift/pipeline";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import { type BackendKey, sendCancelRequest } from "./cancel-request.ts";
import { joinUrl, maskUrl, splitUrl } from "./connection-url.ts";
import { type CopyValue, copyChunks, linesOf } from "./copy-text.ts";
import { quoteIdentifier } from "./identifiers.ts";
import { translateError } from "./sqlstate.ts";

/** A server that is up answers in milliseconds; ten seconds allow for one that is starting. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Of rest. Gateways between networks forget a connection that rests for some minutes (four at the
 * least), and the kernel's own default is two hours.
 */
const KEEP_ALIVE_AFTER_MS = 60_000;

/** Rows a cursor fetches at a time: about 100 KB of archive rows. */
const CURSOR_BATCH_ROWS = 1000;

/**
 * What every session runs under, whatever the role or the database has as its default.
 * - A lock that another run or a dump holds is waited for half a minute, not for ever.
 * - A statement has no time limit: an index over a full archive takes its hours.
 * - Tables are those of schema `public`, which is what a dump holds, and no role's or database's others.
 * - A session may rest while the other side works, inside a transaction or not.
 */
const SESSION_SETTINGS = {
  search_path: "public",
  lock_timeout: "30s",
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  idle_session_timeout: "0",
} as const;

export interface ConnectOptions {
  /** Seen in pg_stat_activity and in the message of a run that finds the lock taken. */
  readonly applicationName: string;
  /** Every transaction of the session is read only; the server itself refuses to write. */
  readonly readOnly?: boolean;
}

/** How a transaction begins. The words are SQL's own. */
export type TransactionMode = "read write" | "isolation level repeatable read read only";

/**
 * @throws TryAgainError when the server is away, ConfigError when it does not let us in.
 */
export async function connect(url: string, options: ConnectOptions): Promise<Session> {
  const client = new pg.Client({
    connectionString: sessionUrl(url, options),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
  });
  const session = new Session(client, url, options.readOnly === true);
  try {
    await client.connect();
    await session.resetSettings();
  } catch (error) {
    await client.end().catch(() => undefined);
    throw translateError(error, url);
  }
  return session;
}

/**
 * The driver lets the URL override its options, so ours are written into the URL. Read only goes
 * with the start-up packet: it is then the value that RESET ALL and DISCARD ALL come back to.
 */
function sessionUrl(url: string, { applicationName, readOnly }: ConnectOptions): string {
  const parts = splitUrl(url);
  parts.params.set("application_name", applicationName);
  if (readOnly === true) {
    const given = parts.params.get("options");
    const ours = "-c default_transaction_read_only=on";
    parts.params.set("options", given === null ? ours : `${given} ${ours}`);
  }
  return joinUrl(parts);
}

/**
 * A connection that one caller holds, one statement after the other.
 *
 * Values come as the driver gives them: int8 and numeric as text (a Number would lose digits),
 * int8[] as an array of text, int4 as a number, boolean as a boolean, timestamps as Date.
 */
export class Session {
  readonly #client: pg.Client;
  readonly #url: string;
  readonly #readOnly: boolean;
  /** A cursor or a COPY that has not ended; another statement would wait for it for ever. */
  #stream: string | undefined;
  #inTransaction = false;
  #closing: Promise<void> | undefined;

  /** Use `connect`. */
  constructor(client: pg.Client, url: string, readOnly: boolean) {
    this.#client = client;
    this.#url = url;
    this.#readOnly = readOnly;
    // A connection that breaks between two statements would end the process; the next statement
    // fails anyway, and says so.
    client.on("error", () => undefined);
  }

  /** The URL without its password, for messages. */
  get maskedUrl(): string {
    return maskUrl(this.#url);
  }

  /** With several statements in `sql` (and no params) the rows are those of the last one. */
  async query<Row extends object = Record<string, unknown>>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<Row[]> {
    return (await this.#send<Row>(sql, params)).rows;
  }

  /**
   * Runs one statement and returns how many rows it wrote. It is sent by the protocol that takes one
   * statement alone: the server itself refuses a second one.
   */
  async execute(sql: string): Promise<number> {
    assert(this.#stream === undefined, `the session is busy with ${this.#stream}`);
    // The driver's types do not know the mode, which it has had since 8.12.
    const query: pg.QueryConfig & { queryMode: "extended" } = { text: sql, queryMode: "extended" };
    const { rowCount } = await this.#translated(this.#client.query(query));
    return rowCount ?? 0;
  }

  /**
   * Does the work, and ends the statement that is under way when the signal aborts. What comes after
   * it is for the work to leave undone.
   */
  async endedBy<Result>(
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    if (signal === undefined) return await work();
    if (signal.aborted) throw new TryAgainError("stopped by a signal", { hint: "run again" });
    let request: Promise<void> | undefined;
    const end = () => {
      // A server that is gone has no statement to end, and the work fails by itself.
      request = sendCancelRequest(backendOf(this.#client)).catch(() => undefined);
    };
    signal.addEventListener("abort", end, { once: true });
    try {
      return await work();
    } finally {
      signal.removeEventListener("abort", end);
      await request;
      if (request !== undefined) await this.#outliveCancel();
    }
  }

  /** A request that came late ends what comes next, be it the rollback of the work. */
  async #outliveCancel(): Promise<void> {
    for (const harmless of ["select 1", "rollback"]) {
      await this.#client.query(harmless).catch(() => undefined);
    }
  }

  /**
   * Reads a result of any size in constant memory. Between two rows the session is the cursor's: no
   * other statement until the loop has ended.
   */
  async *rows<Row extends object = Record<string, unknown>>(
    sql: string,
    params: readonly unknown[] = [],
    batchSize: number = CURSOR_BATCH_ROWS,
  ): AsyncGenerator<Row> {
    const release = this.#hold("a cursor");
    const cursor = this.#client.query(new Cursor<Row>(sql, [...params]));
    try {
      for (;;) {
        const batch = await this.#translated(cursor.read(batchSize));
        yield* batch;
        if (batch.length < batchSize) return;
      }
    } finally {
      // Closing fails only on a connection that is gone, and then there is nothing left to close.
      await cursor.close().catch(() => undefined);
      release();
    }
  }

  /** Commits when `work` returns, rolls back when it throws. Does not nest. */
  async transaction<Result>(
    work: () => Promise<Result>,
    mode: TransactionMode = "read write",
  ): Promise<Result> {
    assert(!this.#inTransaction, "a transaction is open on this session already");
    // Named at each begin too: nobody can switch a read-only session over with one SET.
    const begin = this.#readOnly && mode === "read write" ? "read only" : mode;
    await this.#send(`begin transaction ${begin}`);
    this.#inTransaction = true;
    try {
      const result = await work();
      const { command } = await this.#send("commit");
      // The server answers a commit of a failed transaction with a rollback and no error.
      if (command !== "COMMIT") {
        throw new Error("the transaction had failed before its commit; nothing was written");
      }
      return result;
    } catch (error) {
      // The first error is the one worth telling; on a lost connection the server rolls back.
      await this.#client.query("rollback").catch(() => undefined);
      throw error;
    } finally {
      this.#inTransaction = false;
    }
  }

  /**
   * Writes rows with COPY and returns how many. The table may be written `schema.table`.
   * Either all rows arrive or none.
   */
  async copyIn(
    table: string,
    columns: readonly string[],
    rows: AsyncIterable<readonly CopyValue[]> | Iterable<readonly CopyValue[]>,
  ): Promise<number> {
    const target = table.split(".").map(quoteIdentifier).join(".");
    const names = columns.map(quoteIdentifier).join(", ");
    return await this.copyBytesIn(`copy ${target} (${names}) from stdin`, copyChunks(rows));
  }

  /** Runs a `COPY … FROM STDIN` statement with bytes that are in its format already. */
  async copyBytesIn(copySql: string, bytes: AsyncIterable<Uint8Array>): Promise<number> {
    const release = this.#hold("a COPY");
    try {
      const stream = this.#client.query(copyFrom(copySql));
      await this.#translated(pipeline(bytes, stream));
      return stream.rowCount;
    } finally {
      release();
    }
  }

  /**
   * The rows of a select as COPY text, one line at a time, without its newline. A line is a view of
   * a buffer that the next lines share: copy what is kept. A loop that is left early reads the rest
   * to its end, since a COPY cannot be stopped without failing the transaction around it.
   */
  copyLines(select: string): AsyncGenerator<Buffer> {
    return linesOf(this.copyBytesOut(select));
  }

  /** As `copyLines`, in whatever pieces the server sends. */
  async *copyBytesOut(select: string): AsyncGenerator<Buffer> {
    const release = this.#hold("a COPY");
    const stream = this.#client.query(copyTo(`copy (${select}) to stdout`));
    const chunks = stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
    let hasEnded = false;
    try {
      for (;;) {
        const next = await this.#translated(chunks.next());
        if (next.done === true) break;
        yield next.value;
      }
      hasEnded = true;
    } catch (error) {
      hasEnded = true;
      throw error;
    } finally {
      if (!hasEnded) await drain(chunks);
      release();
    }
  }

  /** Puts every setting back to what `connect` made it. */
  async resetSettings(): Promise<void> {
    await this.#send("reset all");
    // Read from pg_settings, because older servers do not know all of them.
    await this.#send(
      `select set_config(name, $1::json ->> name, false)
       from pg_settings where name in (select json_object_keys($1::json))`,
      [JSON.stringify(SESSION_SETTINGS)],
    );
    if (!this.#readOnly) return;
    const { rows } = await this.#send<{ value: string }>(
      "select current_setting('default_transaction_read_only') as value",
    );
    // A pooler between us and the server may drop start-up options.
    if (rows[0]?.value !== "on") await this.#send("set default_transaction_read_only = on");
  }

  async close(): Promise<void> {
    // A connection that is gone already is as closed as can be.
    this.#closing ??= this.#client.end().catch(() => undefined);
    await this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #send<Row extends object>(
    sql: string,
    params?: readonly unknown[],
  ): Promise<pg.QueryResult<Row>> {
    assert(this.#stream === undefined, `the session is busy with ${this.#stream}`);
    const query = params === undefined ? { text: sql } : { text: sql, values: [...params] };
    // The driver answers several statements with several results, which its types do not say.
    const results: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await this.#translated(
      this.#client.query<Row>(query),
    );
    return Array.isArray(results) ? results.at(-1) : results;
  }

  #hold(what: string): () => void {
    assert(this.#stream === undefined, `the session is busy with ${this.#stream}`);
    this.#stream = what;
    return () => {
      this.#stream = undefined;
    };
  }

  async #translated<Result>(promise: Promise<Result>): Promise<Result> {
    try {
      return await promise;
    } catch (error) {
      throw translateError(error, this.#url);
    }
  }
}

/** The driver keeps what the server told it, and its types do not say so. */
function backendOf(client: pg.Client): BackendKey {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  return { host: client.host, port: client.port, processId: processID, secretKey };
}

/** Runs `work` on one unchanging picture of the database, without the right to write. */
export async function snapshot<Result>(
  session: Session,
  work: () => Promise<Result>,
): Promise<Result> {
  return await session.transaction(work, "isolation level repeatable read read only");
}

/** Throws away the rest. Its errors have no reader: the caller has turned away from the stream. */
async function drain(chunks: AsyncIterator<unknown>): Promise<void> {
  try {
    while ((await chunks.next()).done !== true);
  } catch {
    // The next statement will meet the same broken connection and report it.
  }
}
