// Where the real mainnet data lies. It is not part of the repository: without it tests are skipped,
// but never in CI. The same holds for a PostgreSQL of the machine, and for its client programs.

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { isToolMissing } from "@forklift/testkit";
import { findBinaries, findPgDump, majorOf } from "../src/server/binaries.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SHARED = process.env["FORKLIFT_SHARED"] ?? path.resolve(ROOT, "../shared");

export const REAL_DUMP = path.join(
  SHARED,
  "data/mainnet/dumps/mainnet-archive-dump-2021-03-20_0000.sql.tar.gz",
);

export const isMissingRealData = !existsSync(REAL_DUMP) && process.env["CI"] === undefined;

const local = await findBinaries();
export const HAS_SERVER = process.env["CI"] !== undefined || local !== undefined;
export const HAS_PSQL = !isToolMissing("psql");
/** One as new as the server that the tests start: pg_dump refuses a newer one. */
export const HAS_PG_DUMP =
  !isToolMissing("pg_dump") &&
  (process.env["CI"] !== undefined ||
    (await findPgDump(local === undefined ? 0 : majorOf(local.version))) !== undefined);
