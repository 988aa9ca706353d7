// One held connection: queries, transactions, cursors and COPY in both directions.

import assert from "node:assert/strict";
import { pipeline } from "node:stream/promises";
import { ConfigError, StoppedError } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";
import pg from "pg";
import { from as copyFrom, to as copyTo } from "pg-copy-streams";
import Cursor from "pg-cursor";
import { type BackendKey, sendCancelRequest } from "./cancel-request.ts";
import { type Connection, connectionOf, driverUrl, tlsAttempts } from "./connection-parameters.ts";
import { joinUrl, maskUrl, splitUrl } from "./connection-url.ts";
import { type CopyValue, copyChunks, linesOf } from "./copy-text.ts";
import { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
import { type ChangedSetting, refusedSetting, settingsQuery } from "./session-settings.ts";
import { isRefusedTls, translateBegin, translateConnect, translateError } from "./sqlstate.ts";
import { hasTimedOut, type StatementTimeout, StatementTimeoutError } from "./statement-timeout.ts";

/** A server that is up answers in milliseconds; ten seconds allow for one that is starting. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Of rest. Gateways between networks forget a connection that rests for some minutes (four at the
 * least), and the kernel's own default is two hours.
 */
const KEEP_ALIVE_AFTER_MS = 60_000;

/** Rows a cursor fetches at a time: about 100 KB of archive rows. */
const CURSOR_BATCH_ROWS = 1000;

export interface ConnectOptions {
  /** Seen in pg_stat_activity and in the message of a run that finds the lock taken. */
  readonly applicationName: string;
  /** Every transaction of the session is read only; the server itself refuses to write. */
  readonly readOnly?: boolean;
  /** Of one statement; default: as long as it takes. */
  readonly statementTimeout?: StatementTimeout;
}

/** What went over a session so far. */
export interface Traffic {
  readonly statements: number;
  /** That the server sent. */
  readonly rows: number;
}

/** How a transaction begins. The words are SQL's own. */
export type TransactionMode = "read write" | typeof SNAPSHOT;

const SNAPSHOT = "isolation level repeatable read read only";

/**
 * @throws TryAgainError when the server is away, ConfigError when it does not let us in, or the URL or
 * the environment asks for what forklift does not do.
 */
export async function connect(url: string, options: ConnectOptions): Promise<Session> {
  const connection = connectionOf(url, process.env);
  const attempts = tlsAttempts(connection);
  for (const [index, ssl] of attempts.entries()) {
    try {
      return await connectOnce(connection, { ...options, ssl });
    } catch (error) {
      if (index < attempts.length - 1 && isRefusedTls(error)) continue;
      throw error;
    }
  }
  throw new Error("a connection has at least one way to be made");
}

async function connectOnce(
  connection: Connection,
  { ssl, ...options }: ConnectOptions & Pick<pg.ClientConfig, "ssl">,
): Promise<Session> {
  const { url, parameters } = connection;
  const binding = parameters.get("channel_binding");
  const client = new pg.Client({
    connectionString: sessionUrl(connection, options),
    connectionTimeoutMillis: secondsOf(parameters, "connect_timeout") ?? CONNECT_TIMEOUT_MS,
    keepAlive: parameters.get("keepalives") !== "0",
    keepAliveInitialDelayMillis: secondsOf(parameters, "keepalives_idle") ?? KEEP_ALIVE_AFTER_MS,
    ssl,
    enableChannelBinding: ssl !== false && (binding === "require" || binding === "prefer"),
  });
  const session = new Session(client, url, options);
  const isBound = watchBinding(client);
  try {
    await client.connect();
    if (binding === "require" && !isBound()) throw notBound(url);
    await session.resetSettings();
    await requireAttributes(session, parameters.get("target_session_attrs"));
  } catch (error) {
    await client.end().catch(() => undefined);
    throw translateConnect(error, url);
  }
  return session;
}

/** Milliseconds; 0 stands for what nobody asked for. */
function secondsOf(parameters: Connection["parameters"], name: string): number | undefined {
  return Number(parameters.get(name) ?? 0) * MS_PER_SECOND || undefined;
}

/**
 * The driver lets the URL override its options, so ours are written into the URL. Read only goes
 * with the start-up packet: it is then the value that RESET ALL and DISCARD ALL come back to.
 */
function sessionUrl(connection: Connection, { applicationName, readOnly }: ConnectOptions): string {
  const parts = splitUrl(driverUrl(connection));
  parts.params.set("application_name", applicationName);
  if (readOnly === true) {
    const given = parts.params.get("options");
    const ours = "-c default_transaction_read_only=on";
    parts.params.set("options", given === null ? ours : `${given} ${ours}`);
  }
  return joinUrl(parts);
}

/** Whether the server offered what ties the password to the encrypted connection: the driver takes it. */
function watchBinding(client: pg.Client): () => boolean {
  let isOffered = false;
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  connection.on("authenticationSASL", ({ mechanisms }: { mechanisms: readonly string[] }) => {
    isOffered = mechanisms.includes("SCRAM-SHA-256-PLUS");
  });
  return () => isOffered;
}

function notBound(url: string): ConfigError {
  return new ConfigError(
    `PostgreSQL at ${maskUrl(url)} offers no channel binding, which channel_binding=require asks for`,
    { hint: "connect by TLS with a SCRAM password, or take channel_binding=prefer" },
  );
}

/** @throws ConfigError when the one server of the URL is not of the kind that the URL asks for. */
async function requireAttributes(session: Session, wanted: string | undefined): Promise<void> {
  if (wanted === undefined || wanted === "any" || wanted === "prefer-standby") return;
  const [row] = await session.query<{ standby: boolean }>("select pg_is_in_recovery() as standby");
  if (row?.standby === (wanted === "standby")) return;
  throw new ConfigError(
    `PostgreSQL at ${session.maskedUrl} is a ${row?.standby ? "standby" : "primary"}, ` +
      `and target_session_attrs=${wanted} asks for another`,
    { hint: "give the URL of the other server, or leave target_session_attrs out" },
  );
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
  readonly #timeout: StatementTimeout | null;
  /** A cursor or a COPY that has not ended; another statement would wait for it for ever. */
  #stream: string | undefined;
  #inTransaction = false;
  #inSnapshot = false;
  #statements = 0;
  /** When the last statement was sent, in milliseconds of a clock that only goes forward. */
  #sentMs = 0;
  #rows = 0;
  #changed: readonly ChangedSetting[] = [];
  #closing: Promise<void> | undefined;

  /** Use `connect`. */
  constructor(
    client: pg.Client,
    url: string,
    { readOnly = false, statementTimeout }: Omit<ConnectOptions, "applicationName">,
  ) {
    this.#client = client;
    this.#url = url;
    this.#readOnly = readOnly;
    this.#timeout = statementTimeout ?? null;
    // A connection that breaks between two statements would end the process; the next statement
    // fails anyway, and says so.
    client.on("error", () => undefined);
  }

  /** The URL without its password, for messages. */
  get maskedUrl(): string {
    return maskUrl(this.#url);
  }

  get traffic(): Traffic {
    return { statements: this.#statements, rows: this.#rows };
  }

  /** Whether a transaction is open that sees one unchanging picture of the database. */
  get isInSnapshot(): boolean {
    return this.#inSnapshot;
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
    this.#count();
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
    if (signal.aborted) throw new StoppedError("stopped by a signal");
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
    this.#count();
    const cursor = this.#client.query(new Cursor<Row>(sql, [...params]));
    try {
      for (;;) {
        const batch = await this.#translated(cursor.read(batchSize));
        this.#rows += batch.length;
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
    await this.#send(`begin transaction ${begin}`).catch((error: unknown) => {
      throw translateBegin(error, this.#url);
    });
    this.#inTransaction = true;
    this.#inSnapshot = mode === SNAPSHOT;
    try {
      const result = await work();
      const { command } = await this.#send("commit");
      // The server answers a commit of a failed transaction with a rollback and no error.
      if (command !== "COMMIT") {
        throw new Error("the transaction had failed before its commit; nothing was written");
      }
      return result;
    } catch (error) {
      // The first error is the one to report; on a lost connection the server rolls back.
      await this.#client.query("rollback").catch(() => undefined);
      throw error;
    } finally {
      this.#inTransaction = false;
      this.#inSnapshot = false;
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
    this.#count();
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
    this.#count();
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
      this.#rows += stream.rowCount ?? 0;
      release();
    }
  }

  /** Puts every setting back to what `connect` made it. */
  async resetSettings(): Promise<void> {
    // By itself, since a limit of the role's may be shorter than what follows takes.
    await this.#send("reset all; set statement_timeout = 0");
    const { sql, values } = settingsQuery(this.#readOnly);
    const { rows } = await this.#send<ChangedSetting>(sql, values);
    this.#changed = rows;
    for (const setting of rows.filter(({ isOfSuperuser }) => isOfSuperuser)) {
      await this.#changeAsSuperuser(setting);
    }
    if (this.#timeout !== null) {
      const limit = String(this.#timeout.ms);
      await this.#send("select set_config('statement_timeout', $1, false)", [limit]);
    }
  }

  /** What a program of PostgreSQL's must be told on its command line to run under the same settings. */
  get changedSettings(): readonly ChangedSetting[] {
    return this.#changed;
  }

  async #changeAsSuperuser(setting: ChangedSetting): Promise<void> {
    try {
      await this.#send("select set_config($1, $2, false)", [setting.name, setting.value]);
    } catch (cause) {
      throw refusedSetting(setting, { shown: this.maskedUrl, cause });
    }
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
    this.#count();
    // The driver answers several statements with several results, which its types do not say.
    const results: pg.QueryResult<Row> | pg.QueryResult<Row>[] = await this.#translated(
      this.#client.query<Row>(query),
    );
    const result = Array.isArray(results) ? results.at(-1) : results;
    this.#rows += result.rows.length;
    return result;
  }

  #count(): void {
    this.#statements++;
    this.#sentMs = performance.now();
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
      if (hasTimedOut(error, this.#timeout, performance.now() - this.#sentMs)) {
        throw new StatementTimeoutError(this.#url, this.#timeout!, error);
      }
      throw translateError(error, this.#url);
    }
  }
}

/** The driver keeps the key that the server sent, and its types do not declare it. */
function backendOf(client: pg.Client): BackendKey {
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  return { host: client.host, port: client.port, processId: processID, secretKey };
}

/**
 * Runs `work` on one unchanging picture of the database, without the right to write. Where the caller holds one
 * on this session already, that is the one.
 */
export async function snapshot<Result>(
  session: Session,
  work: () => Promise<Result>,
): Promise<Result> {
  return session.isInSnapshot ? await work() : await session.transaction(work, SNAPSHOT);
}

/** The same on two sessions, which see the same picture. */
export async function sharedSnapshot<Result>(
  [first, second]: readonly [Session, Session],
  work: () => Promise<Result>,
): Promise<Result> {
  return await snapshot(first, async () => {
    const [row] = await first.query<{ id: string }>("select pg_export_snapshot() as id");
    return await snapshot(second, async () => {
      // The name is the server's own, and a statement like this takes no parameters.
      await second.query(`set transaction snapshot ${quoteLiteral(row!.id)}`);
      return await work();
    });
  });
}

/** Throws away the rest. Its errors have no reader: the caller has turned away from the stream. */
async function drain(chunks: AsyncIterator<unknown>): Promise<void> {
  try {
    while ((await chunks.next()).done !== true);
  } catch {
    // The next statement will meet the same broken connection and report it.
  }
}
