// A damaged dump, a damaged block file: what was to be filled from it stands as it stood.

import { copyFile, cp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import {
  isMainnetDataMissing,
  MAINNET,
  mainnetDump,
  openTestDatabase,
  runForklift,
  sharedPath,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { contentsOf } from "../contents.ts";
import { blockFileOf } from "../small-archive.ts";
import { AHEAD_HEIGHT, expectUntouched, test } from "./fixture.ts";
import { byName, expectRefusal } from "./refusal.ts";

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a dump", () => {
    const dump = sharedPath(`data/mainnet/dumps/${mainnetDump(MAINNET.dumps[0])}`);
    /** The SQL starts behind one header of the tar. */
    const sqlOf = (packed: Buffer) => gunzipSync(packed).subarray(512);
    const insideCopy = (sql: Buffer) => sql.indexOf("\n", sql.indexOf("COPY public.blocks ")) + 500;

    test.for<[string, (packed: Buffer) => Buffer | string, (string | RegExp)[]]>([
      ["cut off", (packed) => packed.subarray(0, packed.length / 2), [/gzip is damaged/]],
      [
        "corrupt in the middle",
        (packed) => {
          const corrupt = Buffer.from(packed);
          const middle = Math.floor(corrupt.length / 2);
          corrupt.fill(0xff, middle, middle + 64);
          return corrupt;
        },
        [/is damaged|fails/],
      ],
      [
        "really a web page",
        () => "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>\n",
        ["not a plain SQL dump", '"<!DOCTYPE html>'],
      ],
      [
        "cut inside of a COPY",
        (packed) => sqlOf(packed).subarray(0, insideCopy(sqlOf(packed))),
        [/ends|cut/, /byte \d+/],
      ],
      [
        "cut between two statements",
        (packed) => sqlOf(packed).subarray(0, sqlOf(packed).lastIndexOf("\nALTER TABLE")),
        [/ends at byte \d+, after statement \d+/, 'without "PostgreSQL database dump complete"'],
      ],
    ])("that is %s leaves an empty database", async ([_name, damage, says], { newFolder }) => {
      const file = path.join(await newFolder(), "dump.sql.tar.gz");
      await writeFile(file, damage(await readFile(dump)));
      await using target = await openTestDatabase();
      const args = ["restore", "--dump", file, "--db", target.url];
      await expectRefusal(args, { exit: 65, says, next: /dump/ });
      expect(await contentsOf(target)).toEqual({});
    });

    test("that is missing is named", async () => {
      await using target = await openTestDatabase();
      const args = ["restore", "--dump", "/nowhere/a.sql.tar.gz", "--db", target.url];
      await expectRefusal(args, {
        exit: 65,
        says: [/there is no dump file:\/\/\/nowhere\/+a\.sql\.tar\.gz/],
        next: "check the URL",
      });
    });

    test("for a database with tables in it is not restored", async ({ primed }) => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, ["restore", "--dump", dump, "--db", target.url], {
        exit: 78,
        says: ['is not empty: it has a table "account_identifiers"'],
        next: "a database that does not exist yet",
      });
    });
  });

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
                "has fee 10000000, its precomputed block has 20000000",
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
      const { exit, stdout, stderr } = await runForklift(
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
