// `checkpoint ls`, `show`, `diff` and `convert`, on real mainnet blocks.
// @module-tag only-in-all

import { copyFile, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { inProcess, isMainnetDataMissing } from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../src/commands/index.ts";
import { checkpointsIn, expectSameFiles, metaOf, newest, slotOf } from "./checkpoints-in.ts";
import { MIDDLE, TOP, test } from "./replayed-archive.ts";

const { run, runJson, expectRefusal } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("on real mainnet blocks", () => {
  describe.concurrent("checkpoint", () => {
    interface Listed {
      readonly checkpoints: readonly {
        readonly name: string;
        readonly height: number | null;
        readonly accounts: number | null;
        readonly meta: string;
      }[];
    }

    test("ls lists what a store holds, and whether each meta file fits", async ({
      replayed: { topFolder },
      newFolder,
    }) => {
      const folder = await newFolder();
      const names = await checkpointsIn(topFolder);
      expect(names).toHaveLength(3);
      for (const name of await readdir(topFolder)) {
        await copyFile(path.join(topFolder, name), path.join(folder, name));
      }
      const [torn, altered, whole] = names.map((name) => path.join(folder, name));
      await writeFile(metaOf(torn!), "{");
      const text = await readFile(altered!, "utf8");
      await writeFile(altered!, text.replace(/"balance":"1/, '"balance":"2'));
      const official = path.join(folder, "mainnet-checkpoint-9999.json");
      await copyFile(whole!, official);
      await writeFile(path.join(folder, "mainnet-set-5.json"), "no checkpoint");

      const quick = await runJson<Listed>(["checkpoint", "ls", folder]);
      expect(quick.checkpoints.map(({ name }) => name)).toEqual([
        ...names,
        "mainnet-checkpoint-9999.json",
      ]);
      expect(quick.checkpoints.map(({ meta }) => meta)).toEqual([
        ...["torn", "by size", "by size", "none"],
      ]);
      const read = await runJson<Listed>(["checkpoint", "ls", folder, "--digests"]);
      expect(read.checkpoints.map(({ meta }) => meta)).toEqual([
        ...["torn", "other file", "fits", "none"],
      ]);
      expect(read.checkpoints.map(({ height }) => height)).toEqual([null, MIDDLE + 1, TOP, null]);
      expect(read.checkpoints[2]!.accounts).toBeGreaterThan(1675);
      const { stdout } = await run(["checkpoint", "ls", folder]);
      const lines = stdout.trimEnd().split("\n");
      expect(lines).toHaveLength(2 + 4);
      const column = lines[0]!.indexOf("meta");
      for (const line of lines.slice(2)) expect(line.slice(column - 2, column)).toBe("  ");
    });

    test("show tells what a file holds, and says so when it is not what it says", async ({
      replayed: { topFolder, stateHashes },
      newFolder,
    }) => {
      const file = await newest(topFolder);
      const shown = await runJson<object>(["checkpoint", "show", file, "--rehash"]);
      expect(shown).toMatchObject({
        ok: true,
        network: "mainnet",
        height: TOP,
        stateHash: stateHashes[TOP],
        isRehashed: true,
      });
      const folder = await newFolder();
      const copy = path.join(folder, path.basename(file));
      const text = await readFile(file, "utf8");
      await writeFile(copy, text.replace(/"balance":"1/, '"balance":"2'));
      await expectRefusal(["checkpoint", "show", copy, "--rehash"], {
        exit: 20,
        says: ["the Berkeley ledger hash of its accounts is j", "it says j"],
        next: "another checkpoint",
      });
    });

    test("diff names the accounts that differ", async ({ replayed: { topFolder } }) => {
      const [first, , last] = (await checkpointsIn(topFolder)).map((name) =>
        path.join(topFolder, name),
      );
      const same = await runJson<object>(["checkpoint", "diff", last!, last!]);
      expect(same).toMatchObject({ ok: true, differingAccounts: 0, misplacedAccounts: 0 });
      const args = ["checkpoint", "diff", first!, last!, "--limit", "3"];
      const { stdout } = await expectRefusal(args, {
        exit: 20,
        says: [/differ in \d+ accounts, 0 stand elsewhere/],
        next: "checkpoint show",
      });
      expect(stdout).toMatch(/^B62\w+ +(balance|nonce|receipt_chain_hash) +\w+ +\w+$/m);
      expect(stdout.split("\n").filter((line) => line.startsWith("B62"))).toHaveLength(3);
    });

    test("convert goes to the official form, to a configuration and back, to the byte", {
      tags: ["only-in-all"],
    }, async ({ replayed: { topFolder, stateHashes }, newFolder }) => {
      const file = await newest(topFolder);
      const folder = await newFolder();
      const configuration = path.join(folder, "configuration.json");
      const back = path.join(folder, path.basename(file));
      const convert = (...args: string[]) => ["checkpoint", "convert", ...args];
      await runJson(convert(file, configuration, "--ledger-only"));
      const { ledger } = JSON.parse(await readFile(configuration, "utf8"));
      expect(ledger.hash).toBe(JSON.parse(await readFile(file, "utf8")).genesis_ledger.hash);
      const slot = ["--start-slot", String(slotOf(file))];
      const block = ["--height", String(TOP), "--state-hash", stateHashes[TOP]!];
      await runJson(convert(configuration, back, ...slot, ...block, "--with-meta"));
      await expectSameFiles(back, file);
      await expectRefusal(convert(configuration, back, ...slot, "--with-meta"), {
        exit: 64,
        says: ["--height, --state-hash"],
        next: "row of blocks",
      });
      await expectRefusal(convert(metaOf(file), back), {
        exit: 65,
        says: ["lists no ledger", "it is the meta file of a checkpoint"],
        next: "the name without .meta",
      });
    });
  });
});
