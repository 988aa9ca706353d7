// Names of dumps and manifests go there and back, and no other name is taken for one.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseStateHash } from "@forklift/chain";
import { openStore } from "@forklift/storage";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dumpName, newestDump, parseDumpName } from "../src/dump-name.ts";
import { manifestName, parseManifestName } from "../src/manifest.ts";

const PREFIX = "mainnet-archive-dump";
const STATE_HASH = parseStateHash("3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4");

describe("names of dumps", () => {
  test("every minute goes through its name and back", () => {
    const minute = fc.integer({ min: 0, max: 60 * 24 * 365 * 200 });
    fc.assert(
      fc.property(minute, (at) => {
        expect(parseDumpName(PREFIX, dumpName(PREFIX, at))).toBe(at);
      }),
    );
  });

  test.each([
    `${PREFIX}-2021-02-30_0000.sql.tar.gz`,
    `${PREFIX}-2021-13-01_0000.sql.tar.gz`,
    `${PREFIX}-2021-03-20_2460.sql.tar.gz`,
    `${PREFIX}-2021-03-20.sql.tar.gz`,
    `${PREFIX}-2021-03-20_0000.sql`,
    `${PREFIX}-2021-03-20_0000.sql.gz.partial`,
    `${PREFIX}-2021-03-20_2460.sql.zst`,
    "mainnet-migrated-archive-dump-2021-03-20_0000.sql.tar.gz",
    `devnet-archive-dump-2021-03-20_0000.sql.tar.gz`,
    `${PREFIX}x2021-03-20_0000.sql.tar.gz`,
  ])("%s is the name of none", (name) => {
    expect(parseDumpName(PREFIX, name)).toBeNull();
  });

  test("the newest is found by its date, not by its place in the listing or its age", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-dumps-"));
    const stamps = ["2021-03-20_0001", "2021-03-20_2050", "2021-03-19_2359", "2021-03-20_0002"];
    for (const stamp of stamps) {
      await writeFile(path.join(folder, `${PREFIX}-${stamp}.sql.tar.gz`), "");
    }
    await writeFile(path.join(folder, `${PREFIX}-latest.sql.tar.gz`), "");
    const newest = await newestDump(openStore(pathToFileURL(`${folder}/`).href), PREFIX);
    expect(newest?.name).toBe(`${PREFIX}-2021-03-20_2050.sql.tar.gz`);
    await rm(folder, { recursive: true });
  });

  test("a dump is not passed over for how it is packed; of one minute the official form is taken", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "forklift-dumps-"));
    const newestOf = async (...names: string[]) => {
      for (const name of names) await writeFile(path.join(folder, `${PREFIX}-2021-03-${name}`), "");
      return (await newestDump(openStore(pathToFileURL(`${folder}/`).href), PREFIX))?.name;
    };
    const suffixes = ["dump", "sql.zst", "sql.gz", "tar.zst", "tar.gz", "sql.tar.zst"];
    expect(await newestOf("20_0000.sql.tar.gz")).toBe(`${PREFIX}-2021-03-20_0000.sql.tar.gz`);
    for (const suffix of suffixes) {
      expect(await newestOf(`21_0000.${suffix}`)).toBe(`${PREFIX}-2021-03-21_0000.${suffix}`);
    }
    expect(await newestOf("21_0000.sql.tar.gz")).toBe(`${PREFIX}-2021-03-21_0000.sql.tar.gz`);
    await rm(folder, { recursive: true });
  });
});

test("the name of a manifest goes there and back, and no other name is taken for one", () => {
  const tip = { height: 2025n, stateHash: STATE_HASH };
  const name = manifestName("mainnet", tip);
  expect(name).toBe(`mainnet-set-2025-${STATE_HASH}.json`);
  expect(parseManifestName("mainnet", name)).toEqual(tip);
  expect(parseManifestName("devnet", name)).toBeNull();
  expect(parseManifestName("mainnet", "mainnet-set-latest.json")).toBeNull();
});
