// What a migration is measured against: the same rows through a bare pipe of COPY into COPY, and
// through pg_dump and psql.

import { execFileSync } from "node:child_process";
import { connect, findBinaries, quoteIdentifier } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

const OPTIONS = { applicationName: "forklift bench" };

/**
 * Copies every row of the migrated database into a fresh one, as the migration does: tables and
 * keys first, indexes and foreign keys at the end.
 */
export async function pipeSeconds(migratedUrl, freshUrl) {
  const { tables, keys, indexes, manifest } = await readSchema("berkeley");
  const from = await connect(migratedUrl, { ...OPTIONS, readOnly: true });
  const to = await connect(freshUrl, OPTIONS);
  await to.query(tables);
  const start = performance.now();
  await to.query(keys);
  let rows = 0;
  for (const name of Object.keys(manifest.tables)) {
    const table = `public.${quoteIdentifier(name)}`;
    const bytes = from.copyBytesOut(`select * from ${table}`);
    rows += await to.copyBytesIn(`copy ${table} from stdin`, bytes);
  }
  await to.query("set maintenance_work_mem = '256MB'");
  await to.query(indexes);
  await to.query("analyze");
  const seconds = (performance.now() - start) / 1000;
  await from.close();
  await to.close();
  return { rows, seconds };
}

/** The tables of the source as they are, which is fewer rows than the target has. */
export async function dumpSeconds(sourceUrl, freshUrl) {
  const binaries = await findBinaries();
  if (binaries === undefined) return null;
  const start = performance.now();
  const pipe =
    '"$0/pg_dump" --no-owner "$1" | "$0/psql" --quiet -v ON_ERROR_STOP=1 "$2" > /dev/null';
  execFileSync("bash", ["-o", "pipefail", "-c", pipe, binaries.dir, sourceUrl, freshUrl]);
  return (performance.now() - start) / 1000;
}
