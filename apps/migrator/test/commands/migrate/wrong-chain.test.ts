// A stop point or a network that is not of the chain of the source: the wrong chain is never begun.
// @module-tag only-in-all

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  byName,
  inProcess,
  isMainnetDataMissing,
  LEDGER,
  MAINNET,
  openTestDatabase,
  openTestSession,
  type Refusal,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { runJson, expectRefusal, expectUntouched } = inProcess(migrator);

const ORPHAN_AT_60 = "3NKYioZFVfvLw6BRmfnbpQRKaLcLQzyo6YTZ5Gr2TPtY4RiY8A2H";
const PRESET = new URL("../../../../../packages/network/presets/mainnet.yaml", import.meta.url);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a stop point", () => {
    const above = (height: number) => ["--stop-at-height", String(height)];
    interface Stop extends Omit<Refusal, "says"> {
      readonly name: string;
      readonly more: (hashes: readonly string[]) => readonly string[];
      readonly says: (hashes: readonly string[]) => (string | RegExp)[];
    }

    test.for(
      byName<Stop>([
        {
          name: "with two options that disagree",
          more: (hashes) => ["--fork-state-hash", hashes[75]!, ...above(74)],
          exit: 64,
          says: (hashes) => [`${hashes[75]} stands at height 75, --stop-at-height says 74`],
          next: "give one of them",
        },
        {
          name: "that is orphaned",
          more: () => ["--fork-state-hash", ORPHAN_AT_60],
          exit: 65,
          says: () => [`block ${ORPHAN_AT_60} at height 60 is orphaned`],
          next: "check the hash",
        },
        {
          name: "that nobody knows",
          more: () => ["--fork-state-hash", MAINNET.tip],
          exit: 65,
          says: () => [`the source has no block ${MAINNET.tip}`],
          next: "wait until the archive node has received the block",
        },
        {
          name: "above the source",
          more: () => above(2000),
          exit: 65,
          says: () => [/the source ends at height 1028 \(3N[^)]+\), --stop-at-height says 2000/],
          next: "choose a lower height",
        },
        {
          name: "below the target",
          more: () => above(50),
          exit: 78,
          says: (hashes) => ["stands at height 60, above the stop point", hashes[50]!, "height 50"],
          next: /forklift unwind --target-db \S+ --to-height \d+ takes it back/,
        },
      ]),
    )(
      "%s is refused",
      async ([_name, { more, exit, says, next }], { archive, migration, primed }) => {
        await using target = await openTestDatabase(primed);
        const { stateHashes } = archive;
        const args = migration({ target: target.url, more: more(stateHashes) });
        await expectUntouched(target, args, { exit, says: says(stateHashes), next });
      },
    );

    test("on which two chains part is refused with the hashes of both", async ({
      archive,
      migration,
      primed,
    }) => {
      await using source = await archive.changedSource(
        `update blocks set chain_status =
           (case height when 73 then 'pending' else 'orphaned' end)::chain_status_type
         where height >= 73`,
      );
      await using target = await openTestDatabase(primed);
      const args = migration({ source: source.url, target: target.url, more: above(73) });
      await expectUntouched(target, args, {
        exit: 65,
        says: ["part at or below height 73", archive.stateHashes[73]!, / and 3N/],
        next: "name the block itself with --fork-state-hash",
      });
    });

    test("above the last pre-fork block is refused, and none is needed to end there", async ({
      archive,
      migration,
      newFolder,
    }) => {
      const { stateHashes } = archive;
      const preset = path.join(await newFolder(), "forked.yaml");
      const last = `height: 50\n  stateHash: ${stateHashes[50]}`;
      const mainnet = await readFile(PRESET, "utf8");
      await writeFile(preset, mainnet.replace(/height: 359604\n {2}stateHash: 3N\w+/, last));
      await using target = await openTestDatabase();
      await expectUntouched(
        target,
        migration({ target: target.url, network: preset, more: above(55) }),
        {
          exit: 78,
          says: [
            `the stop point ${stateHashes[55]} at height 55 lies above ${stateHashes[50]} at height 50`,
          ],
          next: "leave the stop point out",
        },
      );
      // The source's canonical chain goes on, to height 60.
      await runJson(migration({ target: target.url, network: preset }));
      await using session = await openTestSession(target);
      const [tip] = await session.query<{ height: string; state_hash: string }>(
        "select height, state_hash from blocks order by height desc limit 1",
      );
      expect(tip).toEqual({ height: "50", state_hash: stateHashes[50] });
    });

    test("on another chain than the target's names the height where they part", async ({
      archive,
      migration,
      primed,
    }) => {
      await using source = await archive.changedSource(
        `update blocks set chain_status =
           (case state_hash when $1 then 'canonical' else 'orphaned' end)::chain_status_type
         where height = 60`,
        [ORPHAN_AT_60],
      );
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ source: source.url, target: target.url }), {
        exit: 78,
        says: [
          `tip ${archive.stateHashes[60]}, height 60`,
          `the chain that ends in ${ORPHAN_AT_60}: they part after height 59`,
        ],
        next: "name the right stop point",
      });
    });
  });

  describe.concurrent("a network", () => {
    test("that is not the source's is refused, and so is a preset that does not hash", async ({
      migration,
      newFolder,
      primed,
    }) => {
      const folder = await newFolder();
      const preset = path.join(folder, "elsewhere.yaml");
      const altered = (await readFile(PRESET, "utf8"))
        .replace("name: mainnet", "name: elsewhere")
        .replace('timestamp: "1615939200000"', 'timestamp: "1615939200001"');
      await writeFile(preset, altered);
      await using target = await openTestDatabase(primed);
      const args = migration({ target: target.url, network: preset });
      const { message } = await expectRefusal(args, {
        exit: 78,
        says: [preset, /genesis protocol state hashes to 3N\w+, expected 3NKeMonc/],
        next: "",
      });
      const genesis = /hashes to (3N\w+)/.exec(message)![1]!;
      await writeFile(preset, altered.replace(/stateHash: 3NKeMonc\w+/, `stateHash: ${genesis}`));
      await expectUntouched(target, args, {
        exit: 78,
        says: ["begins with genesis block 3NKeMonc", `elsewhere begins with ${genesis}`],
        next: "the archive of another network than elsewhere",
      });
    });

    test("that nobody knows is refused with the known ones", async ({ migration, primed }) => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ target: target.url, network: "atlantis" }), {
        exit: 78,
        says: ["there is no network preset atlantis", "mainnet"],
        next: "path of a preset file",
      });
    });

    test("whose genesis ledger was altered by one balance is refused with both hashes", async ({
      migration,
      newFolder,
      primed,
    }) => {
      const ledger = path.join(await newFolder(), "ledger.json");
      const text = await readFile(fileURLToPath(LEDGER), "utf8");
      await writeFile(ledger, text.replace(/("balance": ?")(\d)/, "$19$2"));
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ target: target.url, ledger }), {
        exit: 78,
        says: [ledger, /has ledger hash j\w+, but the genesis block of mainnet has jx7buQVW/],
        next: "give the genesis ledger of mainnet",
      });
    });
  });
});
