// A store without a set, with an incomplete one or with an altered one, and a store of dumps
// without dumps.
// @module-tag only-in-all

import { copyFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { decodeManifest, encodeManifest, type Manifest } from "@forklift/sets";
import { filesIn, inProcess, isMainnetDataMissing } from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { test as fixtureTest } from "./fixture.ts";

const { run, expectRefusal } = inProcess(forklift);

const daily = (config: string) => ["daily", "--config", config];

const fileNamed = async (folder: string, pattern: RegExp) =>
  path.join(folder, Object.keys(await filesIn(folder)).find((name) => pattern.test(name))!);

interface NewerSet {
  readonly manifest: string;
  readonly set: Manifest;
}

const test = fixtureTest
  .extend("copyOfStore", async ({ newFolder, store }) => {
    const folder = await newFolder();
    await cp(store, folder, { recursive: true });
    return folder;
  })
  /** A second set in that copy, of height 75, whose files are copies of those of the first. */
  .extend("newerSet", async ({ archive, copyOfStore: folder }): Promise<NewerSet> => {
    const older = await fileNamed(folder, /-set-60-/);
    const first = decodeManifest(await readFile(older, "utf8"), older);
    const files = first.files.map((file) => ({ ...file, name: `${file.name}.copy` }));
    for (const { name } of first.files) {
      await copyFile(path.join(folder, name), path.join(folder, `${name}.copy`));
    }
    const stateHash = archive.stateHashes[75]!;
    const set = { ...first, height: 75, stateHash, files };
    const manifest = path.join(folder, `mainnet-set-75-${stateHash}.json`);
    await writeFile(manifest, encodeManifest(set));
    return { manifest, set };
  });

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a store", () => {
    test("that is empty cannot be continued", async ({ configFile, newFolder }) => {
      const folder = await newFolder();
      const config = await configFile({ target: { store: folder } });
      await expectRefusal(daily(config), {
        exit: 78,
        says: [folder, "holds no complete set of mainnet"],
        next: "forklift prime",
      });
      expect(await filesIn(folder)).toEqual({});
    });

    test("with a set in it is not primed again", async ({
      archive,
      configFile,
      copyOfStore: folder,
    }) => {
      const before = await filesIn(folder);
      const config = await configFile({ target: { store: folder } });
      await expectRefusal(["prime", "--config", config], {
        exit: 78,
        says: [folder, `already holds the set mainnet-set-60-${archive.stateHashes[60]}.json`],
        next: "forklift daily",
      });
      expect(await filesIn(folder)).toEqual(before);
    });

    test.for<[string, RegExp]>([
      ["dump", /-migrated-archive-dump-.*\.tar\.gz$/],
      ["checkpoint", /-checkpoint-\d+\.json$/],
    ])(
      "whose %s has one other byte is refused",
      async ([_role, pattern], { configFile, copyOfStore: folder }) => {
        const file = await fileNamed(folder, pattern);
        const bytes = await readFile(file);
        // In the header of the gzip it is the time, which unpacking does not look at.
        bytes[4]! ^= 1;
        await writeFile(file, bytes);
        const before = await filesIn(folder);
        const config = await configFile({ target: { store: folder } });
        await expectRefusal(daily(config), {
          exit: 65,
          says: [path.basename(file), /has SHA-256 [0-9a-f]{64}, its manifest says [0-9a-f]{64}/],
          next: "put the files back as they were published",
        });
        expect(await filesIn(folder)).toEqual(before);
      },
    );

    test("whose only manifest is cut off is refused with the reason", async ({
      configFile,
      copyOfStore: folder,
    }) => {
      const manifest = await fileNamed(folder, /-set-60-/);
      await writeFile(manifest, (await readFile(manifest)).subarray(0, 400));
      const config = await configFile({ target: { store: folder } });
      await expectRefusal(daily(config), {
        exit: 65,
        says: [folder, "holds no complete set of mainnet", path.basename(manifest), "is torn"],
        next: "forklift prime",
      });
    });

    test.for<[string, (torn: NewerSet) => Promise<void>, RegExp]>([
      [
        "manifest is cut off",
        async ({ manifest }) => writeFile(manifest, (await readFile(manifest)).subarray(0, 400)),
        /passed over set mainnet-set-75-\S+: manifest \S+ is torn/,
      ],
      [
        "dump is missing",
        ({ manifest, set }) =>
          rm(
            path.join(path.dirname(manifest), set.files.find(({ role }) => role === "dump")!.name),
          ),
        /passed over set mainnet-set-75-\S+: \S+ is missing/,
      ],
      [
        "dump is shorter than announced",
        ({ manifest, set }) =>
          writeFile(path.join(path.dirname(manifest), set.files[0]!.name), "short"),
        /passed over set mainnet-set-75-\S+: \S+ has 5 bytes, expected \d+/,
      ],
      [
        "dump is another of the same size",
        async ({ manifest, set }) => {
          const dump = path.join(path.dirname(manifest), set.files[0]!.name);
          await writeFile(dump, (await readFile(dump)).reverse());
        },
        /passed over set mainnet-set-75-\S+: \S+ has SHA-256 \w+, its manifest says \w+/,
      ],
    ])(
      "whose newest set's %s falls back to the set before",
      async ([_name, tear, reason], { configFile, copyOfStore: folder, newerSet }) => {
        await tear(newerSet);
        const before = await filesIn(folder);
        const config = await configFile({ target: { store: folder } });
        const ran = await run([...daily(config), "--json"]);
        expect(ran.exit, ran.stderr).toBe(0);
        expect(JSON.parse(ran.stdout)).toMatchObject({ height: 60, published: false });
        expect(ran.stderr).toMatch(reason);
        expect(await filesIn(folder)).toEqual(before);
      },
    );

    test.for<[string, string[], 65 | 78, string]>([
      [
        "no dump at all",
        ["notes.txt"],
        65,
        "holds no dump named mainnet-archive-dump-{YYYY-MM-DD}",
      ],
      [
        "dumps of other networks only",
        [
          "devnet-archive-dump-2021-03-20_0000.sql.tar.gz",
          "mainnet-migrated-archive-dump-2021-03-20_0000.sql.tar.gz",
        ],
        78,
        "holds no dump named mainnet-archive-dump-{YYYY-MM-DD}_{HHMM}.sql.tar.gz, but dumps of devnet",
      ],
    ])(
      "of dumps with %s is refused",
      async ([_name, names, exit, says], { configFile, newFolder }) => {
        const dumps = await newFolder();
        for (const name of names) await writeFile(path.join(dumps, name), "");
        const config = await configFile({ source: { dumps } });
        await expectRefusal(daily(config), {
          exit,
          says: [dumps, says],
          next: "check source.dumps",
        });
      },
    );
  });
});
