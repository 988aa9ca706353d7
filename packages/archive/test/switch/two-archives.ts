// Two databases whose names are to be exchanged, with everything that a server keeps beside their rows, and
// psql, which runs the scripts.

import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  connect,
  createDatabase,
  dropDatabase,
  quoteIdentifier,
  type Session,
  urlWithDatabase,
} from "@forklift/postgres";
import { serverUrl } from "@forklift/testkit";

export interface TwoArchives extends AsyncDisposable {
  readonly source: string;
  readonly target: string;
  /** Names of roles of this test: reader, writer, owner, and one that is hard to write. */
  readonly roles: Readonly<Record<"owner" | "reader" | "odd", string>>;
  /** On a database by name. */
  on<Result>(database: string, work: (session: Session) => Promise<Result>): Promise<Result>;
  /** A session that stays, of the superuser or of a role. */
  open(database: string, role?: string): Promise<Session>;
}

/** The end of the names, so that two tests never meet; at most 7 bytes. */
export function ending(): string {
  return randomBytes(3).toString("hex");
}

export interface ArchiveOptions {
  readonly source: string;
  readonly target: string;
  /** Statements on the source's database; `DATABASE`, `OWNER`, `READER`, `ODD` stand for names. */
  readonly changes?: readonly string[];
}

export async function openTwoArchives({
  source,
  target,
  changes = [],
}: ArchiveOptions): Promise<TwoArchives> {
  const end = ending();
  const roles = { owner: `owner_${end}`, reader: `reader_${end}`, odd: `"o'dd, ро ${end}` };
  const open = (database: string, role?: string) =>
    connect(urlOf(database, role), { applicationName: "forklift test" });
  const on = async <Result>(database: string, work: (session: Session) => Promise<Result>) => {
    await using session = await open(database);
    return await work(session);
  };
  for (const name of [source, target]) await createDatabase(serverUrl(), name);
  await on("postgres", async (session) => {
    for (const role of Object.values(roles)) {
      await session.query(`create role ${quoteIdentifier(role)} login`);
    }
  });
  await on(source, async (session) => {
    await session.query(OLD_ARCHIVE.replaceAll("OWNER", quoteIdentifier(roles.owner)));
    for (const change of changes) await session.query(named(change, source, roles));
  });
  await on(target, (session) => session.query(NEW_ARCHIVE));
  return {
    ...{ source, target, roles, on, open },
    async [Symbol.asyncDispose]() {
      const made = await on("postgres", (session) =>
        session.query<{ name: string }>(
          "select datname::text as name from pg_database where shobj_description(oid, 'pg_database') = $1",
          [end],
        ),
      );
      for (const { name } of made) await dropDatabase(serverUrl(), name);
      await on("postgres", async (session) => {
        for (const role of Object.values(roles)) {
          await session.query(`drop owned by ${quoteIdentifier(role)}`);
          await session.query(`drop role ${quoteIdentifier(role)}`);
        }
      });
    },
    ...(await marked(on, [source, target], end)),
  };
}

/** However they are called in the end, this test made them. */
async function marked(on: TwoArchives["on"], names: readonly string[], end: string) {
  await on("postgres", async (session) => {
    for (const name of names) {
      await session.query(`comment on database ${quoteIdentifier(name)} is '${end}'`);
    }
  });
  return {};
}

function named(change: string, database: string, roles: TwoArchives["roles"]): string {
  return change
    .replaceAll("DATABASE", quoteIdentifier(database))
    .replaceAll("OWNER", quoteIdentifier(roles.owner))
    .replaceAll("READER", quoteIdentifier(roles.reader))
    .replaceAll("ODD", quoteIdentifier(roles.odd));
}

const OLD_ARCHIVE = `
  create type chain_status_type as enum ('canonical', 'orphaned', 'pending');
  create table blocks (id serial primary key, state_hash text);
  create table balances (id serial primary key);
  insert into blocks (state_hash) values ('old');
  alter table blocks owner to OWNER; alter table balances owner to OWNER;`;

const NEW_ARCHIVE = `
  create type chain_status_type as enum ('canonical', 'orphaned', 'pending');
  create table blocks (id serial primary key, state_hash text);
  create table accounts_accessed (block_id int references blocks);
  insert into blocks (state_hash) values ('new');`;

/** The toy's own sum of what was proven. */
export const WRITTEN_SQL =
  "select case when (select count(*) from public.blocks) = 1 then '' else 'blocks' end as written";

function urlOf(database: string, role: string | undefined): string {
  const url = urlWithDatabase(serverUrl(), database);
  return role === undefined ? url : url.replace(/\/\/[^@]*@/, `//${encodeURIComponent(role)}@`);
}

export interface RanPsql {
  readonly exit: number;
  readonly stderr: string;
}

/** As an operator runs a script: on the database postgres, by whatever role. */
export async function runPsql(script: string, user?: string): Promise<RanPsql> {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-switch-"));
  const file = path.join(folder, "script.sql");
  await writeFile(file, script);
  const as = urlOf("postgres", user);
  try {
    return await new Promise((resolve, reject) => {
      execFile("psql", ["-X", "-v", "ON_ERROR_STOP=1", "-f", file, as], (error, _out, stderr) => {
        if (error !== null && typeof error.code !== "number") reject(error);
        else resolve({ exit: Number(error?.code ?? 0), stderr });
      });
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}
