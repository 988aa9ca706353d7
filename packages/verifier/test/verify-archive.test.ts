// Every check, on real databases: content with what migration and replay made of mainnet, and
// offended by each row that is altered, removed or added.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { openBlockSources } from "@forklift/precomputed";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askCheck } from "../src/ask-check.ts";
import { checks } from "../src/checks/index.ts";
import type { CheckResult } from "../src/report.ts";
import { readTip, verifyArchive } from "../src/verify-archive.ts";
import { isMissing, type Mainnet, openMainnet, TIP_HEIGHT } from "./mainnet.ts";
import { tamperings } from "./tamperings.ts";

const options = { now: () => performance.now(), signal: new AbortController().signal };

/** They hash blocks and accounts; among the tamperings they are asked only where they must fail. */
const COSTLY = new Set(["precomputed-equal", "ledger-hash-at-tip"]);

const failedIn = (results: readonly CheckResult[]) =>
  results.filter(({ ok }) => !ok).map(({ id }) => id);

describe.skipIf(isMissing)("verifyArchive", () => {
  let mainnet: Mainnet;
  beforeAll(async () => {
    mainnet = await openMainnet();
  });
  afterAll(async () => {
    await mainnet[Symbol.asyncDispose]();
  });

  it("is content with an untouched target", async () => {
    const seen: CheckResult[] = [];
    const report = await verifyArchive(await mainnet.world(""), {
      ...options,
      onCheck: (result) => seen.push(result),
    });
    expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
    expect(report).toMatchObject({ ok: true, fromHeight: 1n, tip: { height: TIP_HEIGHT } });
    expect(report.checks.map(({ id }) => id)).toEqual(checks.map(({ id }) => id));
    expect(seen).toEqual(report.checks);
    for (const { compared } of report.checks) expect(compared).toBeGreaterThan(0);
    expect(report.rowCounts).toMatchObject({ blocks: "130", tokens: "1", zkapp_commands: "0" });
  });

  it.each(tamperings)("finds $what", async ({ sql, names, fails }) => {
    const world = await mainnet.world(sql);
    const scope = { ...world, tip: await readTip(world) };
    const results: CheckResult[] = [];
    for (const check of checks) {
      const isAsked = fails.includes(check.id) || !COSTLY.has(check.id);
      if (isAsked) results.push(await askCheck(check, scope, options));
    }
    expect(new Set(failedIn(results))).toEqual(new Set(fails));
    const { differences } = results.find(({ id }) => id === fails[0])!;
    for (const named of [names].flat()) {
      expect(differences).toContainEqual(expect.objectContaining(named));
    }
    await world.target.close();
  });

  it("has been offended in each of its checks", () => {
    const offended = new Set(tamperings.map(({ fails }) => fails[0]));
    expect(offended).toEqual(new Set(checks.map(({ id }) => id)));
  });

  it("looks only above the proven height", async () => {
    const world = await mainnet.world("update user_commands set fee = '1' where id = 1");
    const proven = await verifyArchive({ ...world, provenHeight: 100n }, options);
    expect(failedIn(proven.checks)).toEqual([]);
    expect(proven.fromHeight).toBe(101n);
    const comparedIn = Object.fromEntries(proven.checks.map(({ id, compared }) => [id, compared]));
    // The proven block itself is compared once more, as the parent of the first new one.
    expect(comparedIn).toMatchObject({ "blocks-equal": 31, "precomputed-equal": 30 });

    const all = await verifyArchive(world, options);
    expect(failedIn(all.checks)).toEqual(["user-commands-equal"]);
  });

  it("asks the checks that move with the chain nothing when all of it is proven", async () => {
    const world = await mainnet.world("");
    const report = await verifyArchive({ ...world, provenHeight: TIP_HEIGHT }, options);
    expect(failedIn(report.checks)).toEqual([]);
    expect(report.checks.find(({ id }) => id === "precomputed-equal")?.compared).toBe(0);
  });

  it("still compares the block at the proven height", async () => {
    const world = await mainnet.world("update blocks set \"timestamp\" = '1' where height = 100");
    const report = await verifyArchive({ ...world, provenHeight: 100n }, options);
    expect(failedIn(report.checks)).toEqual(["blocks-equal"]);
  });

  it("reports a check that cannot be carried out, and asks the others", async () => {
    const empty = await mkdtemp(path.join(tmpdir(), "forklift-no-blocks-"));
    const sources = { urls: [empty], network: "mainnet", scratchDirectory: empty };
    await using blocks = await openBlockSources(sources);
    const report = await verifyArchive({ ...(await mainnet.world("")), blocks }, options);
    await rm(empty, { recursive: true });
    expect(failedIn(report.checks)).toEqual(["precomputed-equal"]);
    const [difference] = report.checks.find(({ ok }) => !ok)!.differences;
    expect(difference?.expected).toBe("an answer to this check");
    expect(difference?.found).toMatch(/no source has a sound block 3N.* at height 2/);
  });

  it("passes on that a database is away", async () => {
    const world = await mainnet.world("");
    await world.target.close();
    await expect(verifyArchive(world, options)).rejects.toThrow(TryAgainError);
  });

  it("stops when the signal says so", async () => {
    const stopped = verifyArchive(await mainnet.world(""), {
      ...options,
      signal: AbortSignal.abort(),
    });
    await expect(stopped).rejects.toThrow(TryAgainError);
  });

  it("refuses a target that ends below the proven height, and one without blocks", async () => {
    const world = await mainnet.world("");
    const above = verifyArchive({ ...world, provenHeight: 131n }, options);
    await expect(above).rejects.toThrow(/ends at height 130, below the proven height 131/);
    const empty = verifyArchive(await mainnet.world("truncate blocks cascade"), options);
    await expect(empty).rejects.toThrow(ConfigError);
  });
});
