// A migration with a damaged block file leaves its target unchanged.
// @module-tag only-in-all

import { copyFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import {
  AHEAD_HEIGHT,
  blockFileOf,
  byName,
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { run, expectUntouched } = inProcess(migrator);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a block file", () => {
    /** No state hash covers it. */
    const alterFee = async (file: string) => {
      const text = await readFile(file, "utf8");
      await writeFile(file, text.replace('"fee":"0.01"', '"fee":"0.02"'));
    };

    interface Damage {
      readonly name: string;
      readonly damage: (file: string, next: string) => Promise<void>;
      readonly says: (hashes: readonly string[]) => string | RegExp;
    }

    test.for(
      byName<Damage>([
        { name: "missing", damage: (file) => rm(file), says: () => "missing" },
        {
          name: "cut off",
          damage: async (file) => writeFile(file, (await readFile(file)).subarray(0, 5000)),
          says: () => "the JSON is cut off at byte 5000",
        },
        {
          name: "that is another block",
          damage: (file, next) => copyFile(next, file),
          says: (hashes) => `wrong state hash: recomputed ${hashes[66]}, expected ${hashes[65]}`,
        },
        {
          name: "with another fee",
          damage: alterFee,
          says: (hashes) =>
            new RegExp(
              `wrong: user command 1 \\(Ckp\\w+\\) of block ${hashes[65]} at height 65: the source ` +
                "has user_commands.fee 10000000, its precomputed block has 20000000",
            ),
        },
      ]),
    )(
      "%s is named with every place that was asked",
      async ([_name, { damage, says }], { archive, migration, newFolder, primed }) => {
        const { stateHashes } = archive;
        const fileAt = (height: number) => blockFileOf(stateHashes, height);
        const [damaged, empty] = [await newFolder(), await newFolder()];
        await cp(archive.blocks, damaged, { recursive: true });
        await damage(path.join(damaged, fileAt(65)), path.join(damaged, fileAt(66)));
        await using target = await openTestDatabase(primed);
        const args = migration({
          target: target.url,
          blocks: `${damaged},${empty}`,
          more: ["--stop-at-height", String(AHEAD_HEIGHT)],
        });
        await expectUntouched(target, args, {
          exit: 65,
          says: [
            `no source has a sound block ${stateHashes[65]} at height 65`,
            `${damaged}: `,
            says(stateHashes),
            `${empty}: missing`,
          ],
          next: `get ${fileAt(65)} from another archive operator`,
        });
      },
    );

    test("whose commands are not the archive's is made good by the next place", async ({
      archive,
      migration,
      newFolder,
      primed,
    }) => {
      const altered = await newFolder();
      const name = blockFileOf(archive.stateHashes, 65);
      await cp(archive.blocks, altered, { recursive: true });
      await alterFee(path.join(altered, name));
      await using target = await openTestDatabase(primed);
      const { exit, stdout, stderr } = await run(
        migration({
          target: target.url,
          blocks: `${altered},${archive.blocks}`,
          more: ["--stop-at-height", String(AHEAD_HEIGHT), "--json"],
        }),
      );
      expect(exit, stderr).toBe(0);
      expect(stderr).toContain(
        `${name} of file://${altered} is set aside: wrong: user command 1 (`,
      );
      expect(JSON.parse(stdout)).toMatchObject({
        blockSources: [
          { found: 14, wrong: 1 },
          { found: 1, wrong: 0 },
        ],
      });
    });

    test("behind a server that only fails may be there later", async ({
      archive,
      migration,
      primed,
    }) => {
      const failing = createServer((_request, response) => response.writeHead(500).end());
      await new Promise<void>((resolve) => failing.listen(0, "127.0.0.1", resolve));
      const { port } = failing.address() as AddressInfo;
      await using target = await openTestDatabase(primed);
      const blocks = `http://127.0.0.1:${port}/blocks`;
      const more = ["--stop-at-height", "61"];
      await expectUntouched(target, migration({ target: target.url, blocks, more }), {
        exit: 75,
        says: [`${archive.stateHashes[61]} at height 61`, blocks, "answered 500"],
        next: "run again",
      });
      failing.close();
    });
  });
});
