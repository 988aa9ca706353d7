// Indexes and foreign keys of the accounts' tables. A replay of many blocks goes without them and builds them
// with its last rows: kept up to date row by row they take PostgreSQL longer than the rows themselves.

import { ConfigError } from "@forklift/pipeline";
import { type CatalogPart, catalogParts, type Session, sqlStateOf } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { accountIndexesOf, areAccountIndexes, readMissing } from "../built-last.ts";
import { statementAgainst, statementFor } from "../part-statements.ts";
import { MAINTENANCE_WORK_MEM } from "./target-indexes.ts";

/**
 * For all locks together. Longer than the second after which an automatic vacuum gives way, and short enough for the
 * readers of a target, who wait behind whoever waits for them.
 */
const LOCKS_TIMEOUT = "5s";

/**
 * Another session holds a table, or waits for one that we hold, or the tables are another role's:
 * query_canceled, lock_not_available, deadlock_detected, insufficient_privilege.
 */
const NOT_TO_BE_DROPPED = ["57014", "55P03", "40P01", "42501"];

/** Whether the target is without all of them, and of nothing else: a replay has not ended. */
export async function lacksAccountIndexes(target: Session): Promise<boolean> {
  const { missing, schema } = await readMissing(target);
  return areAccountIndexes(missing, schema);
}

/** Those that the target lacks, be it some or all. */
export async function missingAccountIndexes(target: Session): Promise<readonly string[]> {
  const { missing, schema } = await readMissing(target);
  return accountIndexesOf(schema)
    .filter((part) => missing.includes(part))
    .map(({ object }) => object);
}

/**
 * Drops them in one transaction of its own. False when the target keeps them, since another session uses
 * its tables, or the role does not own them or could not build them again.
 */
export async function dropAccountIndexes(target: Session): Promise<boolean> {
  const { missing, schema } = await readMissing(target);
  // One that lacks others is in a first bulk load, which builds all of them.
  if (missing.length > 0 || (await whyNotBuilt(target)) !== null) return false;
  try {
    await target.transaction(async () => {
      await lockTables(target);
      await target.query(joined(accountIndexesOf(schema), statementAgainst));
    });
    return true;
  } catch (error) {
    if (NOT_TO_BE_DROPPED.includes(sqlStateOf(error) ?? "")) return false;
    throw error;
  }
}

/** In one statement, so that whoever reads any of them waits for one timeout at most; what follows finds them locked. */
async function lockTables(target: Session): Promise<void> {
  const rows = await target.query<{ name: string }>(
    `select conrelid::regclass::text as name from pg_constraint where contype = 'f' and ${OF_ACCOUNT_TABLES}
     union select confrelid::regclass::text from pg_constraint where contype = 'f' and ${OF_ACCOUNT_TABLES}
     order by 1`,
  );
  const tables = rows.map(({ name }) => name).join(", ");
  await target.query(`set local statement_timeout = '${LOCKS_TIMEOUT}'`);
  await target.query(`lock table ${tables} in access exclusive mode`);
}

const OF_ACCOUNT_TABLES =
  "conrelid in ('public.accounts_accessed'::regclass, 'public.accounts_created'::regclass)";

/** @throws ConfigError when the role could not build them at the end, hours later. */
export async function requireMayBuildAccountIndexes(target: Session): Promise<void> {
  const reason = await whyNotBuilt(target);
  if (reason === null) return;
  throw new ConfigError(
    `the accounts' tables of ${target.maskedUrl} are without indexes and foreign keys, which the role cannot build: ${reason}`,
    {
      hint: "run the same command by the role that owns the tables of the target, or give it what is missing",
    },
  );
}

/** What the role lacks, in words; null when it lacks nothing. */
async function whyNotBuilt(target: Session): Promise<string | null> {
  const { schema } = await readMissing(target);
  const referenced = accountIndexesOf(schema).flatMap(
    ({ text }) => /\breferences (?:public\.)?(\w+)/i.exec(text)?.[1] ?? [],
  );
  const [row] = await target.query<{ role: string; lacks: string[] }>(
    `select current_user::text as role, array(
       select 'it does not own ' || c.relname from pg_class c
       where c.oid in ('public.accounts_accessed'::regclass, 'public.accounts_created'::regclass)
         and not pg_has_role(c.relowner, 'usage')
       union all
       select 'it may not create in schema public' where not has_schema_privilege('public', 'create')
       union all
       select 'it may not refer to ' || name from unnest($1::text[]) name
       where not has_table_privilege('public.' || quote_ident(name), 'references')) as lacks`,
    [[...new Set(referenced)]],
  );
  const { role, lacks } = row!;
  return lacks.length === 0 ? null : `${role}: ${lacks.join(", ")}`;
}

/**
 * Builds all of them anew. The caller owns the transaction.
 * @param beside is called once the server is at work, for as long as the caller likes.
 */
export async function buildAccountIndexes(
  target: Session,
  beside: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { manifest } = await readSchema("berkeley");
  const schema = catalogParts(manifest);
  await target.query(`set local maintenance_work_mem = '${MAINTENANCE_WORK_MEM}'`);
  const built = target.query(joined(accountIndexesOf(schema), statementFor));
  await Promise.all([built, beside()]);
}

function joined(parts: readonly CatalogPart[], of: (part: CatalogPart) => string | null): string {
  return parts.map(of).join(";\n");
}
