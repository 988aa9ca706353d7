// A restore of a damaged dump leaves the database unchanged.

import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import {
  contentsOf,
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  mainnetDump,
  openTestDatabase,
  sharedPath,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../../src/commands/index.ts";

const { expectRefusal, expectUntouched } = inProcess(forklift);

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
});
