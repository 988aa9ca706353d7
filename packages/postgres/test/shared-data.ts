// Where the real mainnet data lies. It is not part of the repository: without it tests are skipped,
// but never in CI. The same holds for a PostgreSQL of the machine, and for its client programs.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { findBinaries } from "../src/binaries.ts";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const SHARED = process.env["FORKLIFT_SHARED"] ?? path.resolve(ROOT, "../shared");

export const REAL_DUMP = path.join(
  SHARED,
  "data/mainnet/dumps/mainnet-archive-dump-2021-03-20_0000.sql.tar.gz",
);

export const isMissingRealData = !existsSync(REAL_DUMP) && process.env["CI"] === undefined;

const isThere = (program: string) =>
  process.env["CI"] !== undefined || spawnSync(program, ["--version"]).status === 0;

export const HAS_SERVER = process.env["CI"] !== undefined || Boolean(await findBinaries());
export const HAS_PSQL = isThere("psql");
export const HAS_PG_DUMP = isThere("pg_dump");
