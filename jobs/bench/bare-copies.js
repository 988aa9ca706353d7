// The baselines of the benchmark of the migration: the same rows through a bare pipe of COPY into
// COPY, and through pg_dump and psql.

import { execFileSync } from "node:child_process";
import path from "node:path";
import { connect, findPgDump, quoteIdentifier } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

const OPTIONS = { applicationName: "forklift bench" };

/**
 * Copies every row of the migrated database into a fresh one with the same tables, keys, indexes and
 * foreign keys. These are there from the start, or, as in a first migration, all but the keys are
 * built at the end.
 */
export async function pipeSeconds(migratedUrl, freshUrl, { buildsIndexesLast }) {
  const { tables, keys, indexes } = await readSchema("berkeley");
  const from = await connect(migratedUrl, { ...OPTIONS, readOnly: true });
  const to = await connect(freshUrl, OPTIONS);
  await to.query("set maintenance_work_mem = '256MB'");
  for (const ddl of [tables, keys]) await to.query(ddl);
  if (!buildsIndexesLast) await to.query(indexes);
  const start = performance.now();
  let rows = 0;
  for (const name of IN_ORDER) {
    const table = `public.${quoteIdentifier(name)}`;
    const bytes = from.copyBytesOut(`select * from ${table}`);
    rows += await to.copyBytesIn(`copy ${table} from stdin`, bytes);
  }
  if (buildsIndexesLast) await to.query(indexes);
  await to.query("analyze");
  const seconds = (performance.now() - start) / 1000;
  await from.close();
  await to.close();
  return { rows, seconds };
}

/** What a migration fills, each after the tables that it refers to. */
const IN_ORDER = [
  "public_keys",
  "tokens",
  "account_identifiers",
  "snarked_ledger_hashes",
  "protocol_versions",
  "epoch_data",
  "blocks",
  "user_commands",
  "internal_commands",
  "blocks_user_commands",
  "blocks_internal_commands",
  "timing_info",
  "voting_for",
  "token_symbols",
  "zkapp_permissions",
  "accounts_accessed",
  "accounts_created",
];

/** The tables of the source as they are, which is fewer rows than the target has. */
export async function dumpSeconds(sourceUrl, freshUrl) {
  const pgDump = await findPgDump(1);
  if (pgDump === undefined) return null;
  const psql = path.join(path.dirname(pgDump), "psql");
  const start = performance.now();
  const pipe = '"$0" --no-owner "$1" | "$2" --quiet -v ON_ERROR_STOP=1 "$3" > /dev/null';
  const args = ["-o", "pipefail", "-c", pipe, pgDump, sourceUrl, psql, freshUrl];
  execFileSync("bash", args, { stdio: ["ignore", "ignore", "inherit"] });
  return (performance.now() - start) / 1000;
}
