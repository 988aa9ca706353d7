// A migration from a bundle that is one zstd frame, as `tar --zstd` writes mainnet's: the same rows as
// from the `.tar.gz` with the same blocks, in bounded memory.
// @module-tag only-in-all

import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import {
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  openTestDatabase,
  openTestSession,
  peakMemoryOf,
  type TestDatabase,
  zstdFrame,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";
import { differencesFromGolden } from "../../golden/compare-tables.ts";
import { migrateArguments, restoreSource } from "../../golden/migrate-mainnet.ts";

const { runJson } = inProcess(migrator);

const PEAK_BYTES_MAX = 400 * 1024 * 1024;

describe.skipIf(isMainnetDataMissing())("a migration from a .tar.zst", () => {
  let work: string;
  let bundle: string;
  let source: TestDatabase;
  let target: TestDatabase;
  const withBundle = (...more: string[]) => [
    ...migrateArguments({ source, target }).map((argument) =>
      argument === mainnetUrl(MAINNET.blocks) ? bundle : argument,
    ),
    ...["--cache", path.join(work, "cache"), ...more],
  ];

  beforeAll(async () => {
    work = await mkdtemp(path.join(tmpdir(), "forklift-zstd-bundle-"));
    bundle = path.join(work, "mainnet-blocks.tar.zst");
    const packed = readFileSync(fileURLToPath(mainnetUrl(MAINNET.blocks)));
    await writeFile(bundle, zstdFrame(gunzipSync(packed)));
    source = await restoreSource();
    target = await openTestDatabase();
  });

  afterAll(async () => {
    await target?.[Symbol.asyncDispose]();
    await source?.[Symbol.asyncDispose]();
    await rm(work, { recursive: true, force: true });
  });

  test("says beforehand how much room it takes, and lists the bundle without taking any", async () => {
    const { plan } = await runJson<{
      readonly plan: {
        readonly precomputed: {
          readonly missingCount: number;
          readonly places: readonly { readonly asked: string; readonly space: unknown }[];
        };
      };
    }>(withBundle("--plan"));
    expect(plan.precomputed.missingCount).toBe(0);
    expect(plan.precomputed.places).toMatchObject([
      {
        asked: "listed",
        space: { bytes: expect.any(Number), folder: path.join(work, "cache/bundles") },
      },
    ]);
  });

  test("stays below 400 MB, and gives the golden digests", async () => {
    expect(await peakMemoryOf(withBundle(), [], "forklift-migrator")).toBeLessThan(PEAK_BYTES_MAX);
    await using session = await openTestSession(target);
    expect(await differencesFromGolden(session)).toEqual([]);
  });

  test("needs no more room once it was read", async () => {
    await using again = await openTestDatabase();
    const args = withBundle("--plan").map((it) => (it === target.url ? again.url : it));
    const { plan } = await runJson<{
      readonly plan: { readonly precomputed: { readonly places: readonly object[] } };
    }>(args);
    expect(plan.precomputed.places).toMatchObject([{ asked: "listed", space: null }]);
  });
});
