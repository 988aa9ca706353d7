// Wrong input, through the built command: for every row of the contract's table the exit code, what
// the message says, the next step, and that what was to be written stands as it stood.

import { copyFile, cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { lockDatabase, type Server, startServer, urlWithDatabase } from "@forklift/postgres";
import {
  forkliftJson,
  isMainnetDataMissing,
  MAINNET,
  mainnetDump,
  mainnetUrl,
  openTestDatabase,
  openTestSession,
  runForklift,
  sharedPath,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeManifest, encodeManifest, type Manifest } from "../src/sets/manifest.ts";
import { contentsOf, filesIn } from "./contents.ts";
import { byName, expectRefusal, type Refusal } from "./refusal.ts";
import { blockFileOf, changedCopy, openSmallArchive, type SmallArchive } from "./small-archive.ts";

/** The canonical chain of the source ends here, beside three orphans. */
const PRIMED_HEIGHT = 60;
const AHEAD_HEIGHT = 75;

const ORPHAN_AT_60 = "3NKYioZFVfvLw6BRmfnbpQRKaLcLQzyo6YTZ5Gr2TPtY4RiY8A2H";
const LEDGER = mainnetUrl(MAINNET.genesisLedger);
const CLOSED_PORT = "postgres://forklift@127.0.0.1:1/archive";
const PRESET = new URL("../../packages/network/presets/mainnet.yaml", import.meta.url);

describe("a wrong command line", () => {
  test.each<[string, string[], string, string]>([
    ["no command", [], "no command given", "forklift --help"],
    ["an unknown command", ["lift"], "unknown command 'lift'", "forklift --help"],
    [
      "an unknown option",
      ["config", "--explain", "--config", "x.yaml", "--frobnicate"],
      "unknown option '--frobnicate'",
      "forklift COMMAND --help",
    ],
    [
      "a missing option",
      ["migrate"],
      "required option '--source-db <url>' not specified",
      "forklift COMMAND --help",
    ],
    [
      "a malformed state hash",
      ["final", "--config", "x.yaml", "--fork-state-hash", "3NKnonsense"],
      "argument '3NKnonsense' is invalid",
      "forklift COMMAND --help",
    ],
    [
      "a height that is no number",
      ["final", "--config", "x.yaml", "--stop-at-height", "-5"],
      "argument '-5' is invalid",
      "forklift COMMAND --help",
    ],
    [
      "an unknown log level",
      ["daily", "--config", "x.yaml", "--log-level", "loud"],
      "expected one of debug, info, warn, error",
      "forklift COMMAND --help",
    ],
    [
      "a replay without a start",
      ["replay", "--target-db", CLOSED_PORT],
      "give either --genesis-ledger or --checkpoint",
      "--checkpoint to continue a restored set",
    ],
    [
      "a replay with two starts",
      ["replay", "--target-db", CLOSED_PORT, "--genesis-ledger", "/l", "--checkpoint", "/c"],
      "give either --genesis-ledger or --checkpoint",
      "--genesis-ledger for a first replay",
    ],
    [
      "an interval of nothing",
      ["replay", "--target-db", CLOSED_PORT, "--checkpoint", "/c", "--checkpoint-interval", "0"],
      "--checkpoint-interval must be above 0",
      "message",
    ],
  ])("%s ends with 64", async (_name, args, says, next) => {
    await expectRefusal(args, { exit: 64, says: [says], next });
  });
});

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  let archive: SmallArchive;
  /** For scratch databases: other tests ask what is left on the shared one. */
  let server: Server;
  /** Primed to height 60; a template, never connected to. */
  let primed: TestDatabase;
  /** Migrated to height 75, replayed to 60. */
  let ahead: TestDatabase;
  /** What prime published: the set of height 60. */
  let store: string;
  let files = 0;

  beforeAll(async () => {
    archive = await openSmallArchive({
      canonicalHeight: PRIMED_HEIGHT,
      filesHeight: AHEAD_HEIGHT,
    });
    server = await startServer({ binaries: "auto" });
    store = path.join(archive.home, "store");
    primed = await openTestDatabase();
    const config = await configFile({ target: { store, database: primed.url } });
    await forkliftJson(["prime", "--config", config]);
    ahead = await openTestDatabase(primed);
    const stop = ["--stop-at-height", String(AHEAD_HEIGHT)];
    await forkliftJson(migration({ target: ahead.url, more: stop }));
  });

  afterAll(async () => {
    await ahead?.[Symbol.asyncDispose]();
    await primed?.[Symbol.asyncDispose]();
    await server?.[Symbol.asyncDispose]();
    await archive[Symbol.asyncDispose]();
  });

  /** A configuration that is right but for the changes. JSON is YAML. */
  async function configFile(changes: object): Promise<string> {
    const file = path.join(archive.home, `config-${++files}.yaml`);
    const config = {
      network: "mainnet",
      genesisLedger: LEDGER,
      source: { database: archive.source.url },
      target: { store },
      blocks: [archive.blocks],
      postgres: { url: server.url },
      ...changes,
    };
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  async function newFolder(): Promise<string> {
    const folder = path.join(archive.home, `folder-${++files}`);
    await mkdir(folder);
    return folder;
  }

  interface Migration {
    readonly target: string;
    readonly source?: string;
    readonly blocks?: string;
    readonly ledger?: string;
    readonly network?: string;
    readonly more?: readonly string[];
  }

  function migration({ target, source, blocks, ledger, network, more = [] }: Migration) {
    return [
      ...["migrate", "--target-db", target, "--source-db", source ?? archive.source.url],
      ...["--blocks", blocks ?? archive.blocks, "--genesis-ledger", ledger ?? LEDGER],
      ...["--network", network ?? "mainnet", ...more],
    ];
  }

  /** Refused, and every table of the target holds what it held. */
  async function expectUntouched(
    target: TestDatabase,
    args: readonly string[],
    refusal: Refusal,
  ): Promise<void> {
    const before = await contentsOf(target);
    await expectRefusal(args, refusal);
    expect(await contentsOf(target)).toEqual(before);
  }

  describe.concurrent("a dump", () => {
    const dump = sharedPath(`data/mainnet/dumps/${mainnetDump(MAINNET.dumps[0])}`);
    /** The SQL starts behind one header of the tar. */
    const sqlOf = (packed: Buffer) => gunzipSync(packed).subarray(512);
    const insideCopy = (sql: Buffer) => sql.indexOf("\n", sql.indexOf("COPY public.blocks ")) + 500;

    test.each<[string, (packed: Buffer) => Buffer | string, (string | RegExp)[]]>([
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
    ])("that is %s leaves an empty database", async (_name, damage, says) => {
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

    test("for a database with tables in it is not restored", async () => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, ["restore", "--dump", dump, "--db", target.url], {
        exit: 78,
        says: ['is not empty: it has a table "account_identifiers"'],
        next: "a database that does not exist yet",
      });
    });
  });

  describe.concurrent("a source", () => {
    const canonicalAt = (height: number) =>
      `(select id from blocks where height = ${height} and chain_status = 'canonical')`;

    interface Fault {
      readonly name: string;
      readonly sql: string;
      readonly says: (hashes: readonly string[]) => (string | RegExp)[];
      readonly next: (hashes: readonly string[]) => string | RegExp;
    }

    test.each(
      byName<Fault>([
        {
          name: "with a gap",
          sql: `update blocks set parent_id = null where parent_id = ${canonicalAt(50)};
              delete from blocks_user_commands where block_id = ${canonicalAt(50)};
              delete from blocks_internal_commands where block_id = ${canonicalAt(50)};
              delete from blocks where id = ${canonicalAt(50)}`,
          says: () => ["no canonical block at height 50"],
          next: (hashes) => `patch the source with ${blockFileOf(hashes, 50)}`,
        },
        {
          name: "with a broken link",
          sql: `update blocks set parent_hash =
                (select state_hash from blocks where id = ${canonicalAt(47)})
              where id = ${canonicalAt(50)}`,
          says: (hashes) => [
            `canonical block ${hashes[50]} at height 50 has parent ${hashes[47]}`,
            `the canonical block below it is ${hashes[49]}`,
          ],
          next: () => "repair these rows",
        },
        {
          name: "with two canonical blocks at one height",
          sql: `update blocks set chain_status = 'canonical' where id =
                (select min(id) from blocks where height = 57 and chain_status = 'orphaned')`,
          says: () => ["2 canonical blocks at height 57"],
          next: () => "repair these rows",
        },
        {
          name: "with an unknown failure reason",
          sql: `update blocks_user_commands
              set status = 'failed', failure_reason = 'Moon_in_retrograde'
              where block_id = ${canonicalAt(3)}`,
          says: (hashes) => [
            `block ${hashes[3]} at height 3`,
            "failed with Moon_in_retrograde: not a combination of protocol 1.x",
          ],
          next: () => "repair these rows",
        },
        {
          name: "without any canonical block",
          sql: "update blocks set chain_status = 'pending'",
          says: () => ["has no canonical block"],
          next: () => "chain status was never set",
        },
      ]),
    )("%s is refused before the first write", async (_name, { sql, says, next }) => {
      await using source = await archive.changedSource(sql);
      await using target = await openTestDatabase();
      const { stateHashes } = archive;
      await expectRefusal(migration({ source: source.url, target: target.url }), {
        exit: 65,
        says: says(stateHashes),
        next: next(stateHashes),
      });
      expect(await contentsOf(target)).toEqual({});
    });

    test("whose block is not what its protocol state says is refused", async () => {
      const sql = "update blocks set timestamp = timestamp + 1 where height = 65";
      await using source = await archive.changedSource(sql);
      await using target = await openTestDatabase(primed);
      const more = ["--stop-at-height", String(AHEAD_HEIGHT)];
      await expectUntouched(target, migration({ source: source.url, target: target.url, more }), {
        exit: 65,
        says: [
          `block ${archive.stateHashes[65]} at height 65: the source has timestamp`,
          "which hashes to that state hash, has",
        ],
        next: "repair it",
      });
    });

    test("with the schema of the target means that the URLs are swapped", async () => {
      await using target = await openTestDatabase(primed);
      const args = migration({ source: target.url, target: archive.source.url });
      await expectUntouched(target, args, {
        exit: 78,
        says: ["the source", "holds a Berkeley archive, expected a pre-fork (mainnet) archive"],
        next: "look swapped",
      });
    });

    test("that is empty is refused", async () => {
      await using source = await openTestDatabase();
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ source: source.url, target: target.url }), {
        exit: 78,
        says: [source.name, "holds an empty database, expected a pre-fork (mainnet) archive"],
        next: "give the URL of a pre-fork",
      });
    });

    test("that does not exist is refused", async () => {
      await using target = await openTestDatabase(primed);
      const source = urlWithDatabase(target.url, "nobody_made_this");
      await expectUntouched(target, migration({ source, target: target.url }), {
        exit: 78,
        says: ['database "nobody_made_this" does not exist'],
        next: "database name",
      });
    });

    test("whose server is away may be there later", async () => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ source: CLOSED_PORT, target: target.url }), {
        exit: 75,
        says: ["PostgreSQL at postgres://forklift@127.0.0.1:1/archive", "ECONNREFUSED"],
        next: "check that the server is up",
      });
    });
  });

  describe.concurrent("a stop point", () => {
    const above = (height: number) => ["--stop-at-height", String(height)];
    interface Stop extends Omit<Refusal, "says"> {
      readonly name: string;
      readonly more: (hashes: readonly string[]) => readonly string[];
      readonly says: (hashes: readonly string[]) => (string | RegExp)[];
    }

    test.each(
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
          says: () => ["the source ends at height 1028, --stop-at-height says 2000"],
          next: "choose a lower height",
        },
        {
          name: "below the target",
          more: () => above(50),
          exit: 78,
          says: (hashes) => ["stands at height 60, above the stop point", hashes[50]!, "height 50"],
          next: "an older set",
        },
      ]),
    )("%s is refused", async (_name, { more, exit, says, next }) => {
      await using target = await openTestDatabase(primed);
      const { stateHashes } = archive;
      const args = migration({ target: target.url, more: more(stateHashes) });
      await expectUntouched(target, args, { exit, says: says(stateHashes), next });
    });

    test("on which two chains part is refused with the hashes of both", async () => {
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

    test("on another chain than the target's names the height where they part", async () => {
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

  describe.concurrent("a block file", () => {
    interface Damage {
      readonly name: string;
      readonly damage: (file: string, next: string) => Promise<void>;
      readonly says: (hashes: readonly string[]) => string | RegExp;
    }

    test.each(
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
      ]),
    )("%s is named with every place that was asked", async (_name, { damage, says }) => {
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
    });

    test("behind a server that only fails may be there later", async () => {
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

  describe.concurrent("a network", () => {
    test("that is not the source's is refused, and so is a preset that does not hash", async () => {
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

    test("that nobody knows is refused with the known ones", async () => {
      await using target = await openTestDatabase(primed);
      await expectUntouched(target, migration({ target: target.url, network: "atlantis" }), {
        exit: 78,
        says: ["there is no network preset atlantis", "mainnet"],
        next: "path of a preset file",
      });
    });

    test("whose genesis ledger was altered by one balance is refused with both hashes", async () => {
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

  describe.concurrent("a target", () => {
    test("with tables of somebody else is refused", async () => {
      await using target = await changedCopy(
        await openTestDatabase(),
        "create table unrelated (id int); insert into unrelated values (1)",
      );
      await expectUntouched(target, migration({ target: target.url }), {
        exit: 78,
        says: ["the target", target.name, "holds no archive that we know", "it lacks"],
        next: "give the URL of a Berkeley archive",
      });
    });

    test("that holds nothing cannot be replayed", async () => {
      await using target = await openTestDatabase();
      await expectRefusal(["replay", "--target-db", target.url, "--checkpoint", "/nowhere.json"], {
        exit: 78,
        says: ["the target", "holds an empty database, expected a Berkeley archive"],
        next: "give the URL of a Berkeley archive",
      });
    });

    test("whose server is away may be there later", async () => {
      await expectRefusal(["replay", "--target-db", CLOSED_PORT, "--checkpoint", "/c.json"], {
        exit: 75,
        says: ["ECONNREFUSED"],
        next: "run the same command again",
      });
    });

    test("that another run has locked may be free later", async () => {
      await using target = await openTestDatabase(ahead);
      await using other = await openTestSession(target);
      await lockDatabase(other);
      await expectUntouched(target, replay(target, await newFolder(), await checkpoint()), {
        exit: 75,
        says: [target.name, 'is locked by "forklift test" (server process'],
        next: "wait for that run to end",
      });
    });
  });

  /** The checkpoint of the published set, at height 60. */
  async function checkpoint(): Promise<string> {
    const names = Object.keys(await filesIn(store));
    return path.join(store, names.find((name) => /-checkpoint-\d+\.json$/.test(name))!);
  }

  function replay(target: TestDatabase, folder: string, from: string, ...more: string[]) {
    return [
      ...["replay", "--target-db", target.url, "--checkpoint", from],
      ...["--checkpoints", folder, ...more],
    ];
  }

  describe.concurrent("a checkpoint", () => {
    interface Wrong {
      readonly name: string;
      readonly alter: (text: string) => string;
      readonly keepsMeta: boolean;
      readonly says: (hashes: readonly string[]) => (string | RegExp)[];
      readonly next: string;
    }

    test.each(
      byName<Wrong>([
        {
          name: "cut off",
          alter: (text) => text.slice(0, text.length / 2),
          keepsMeta: true,
          says: () => ["is torn or no checkpoint"],
          next: "use an older checkpoint",
        },
        {
          name: "that its meta file does not vouch for",
          alter: (text) => text.replace(/("balance":")(\d)/, "$19$2"),
          keepsMeta: true,
          says: () => [/has SHA-256 [0-9a-f]{64}, its meta file says [0-9a-f]{64}/],
          next: "torn or was altered",
        },
        {
          name: "with another balance",
          alter: (text) => text.replace(/("balance":")(\d)/, "$19$2"),
          keepsMeta: false,
          says: (hashes) => [
            /does not belong to this database: its ledger hash is j\w+/,
            `block ${hashes[60]} at height 60 of the target has ledger hash jx`,
          ],
          next: "published with this database",
        },
      ]),
    )("%s is refused", async (_name, { alter, keepsMeta, says, next }) => {
      const folder = await newFolder();
      const original = await checkpoint();
      const copy = path.join(folder, path.basename(original));
      await writeFile(copy, alter(await readFile(original, "utf8")));
      const meta = (name: string) => name.replace(/json$/, "meta.json");
      if (keepsMeta) await copyFile(meta(original), meta(copy));
      await using target = await openTestDatabase(ahead);
      const before = await filesIn(folder);
      await expectUntouched(target, replay(target, folder, copy), {
        exit: 65,
        says: [folder, path.basename(copy), ...says(archive.stateHashes)],
        next,
      });
      expect(await filesIn(folder)).toEqual(before);
    });

    test("above the recorded accounts is refused", async () => {
      await using target = await changedCopy(
        ahead,
        `delete from accounts_accessed where block_id in (select id from blocks where height > 30);
         delete from accounts_created where block_id in (select id from blocks where height > 30);
         delete from forklift.progress_mark where stage = 'replay-commands'`,
      );
      await expectUntouched(target, replay(target, await newFolder(), await checkpoint()), {
        exit: 65,
        says: ["stands at height 60", "recorded up to height 30 only"],
        next: "an older one",
      });
    });

    test("that is torn is passed over, with the reason, when another one will do", async () => {
      const folder = await newFolder();
      await writeFile(path.join(folder, path.basename(await checkpoint())), '{"genesis_le');
      await using target = await openTestDatabase(ahead);
      const ran = await runForklift(replay(target, folder, await checkpoint()));
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(/"level":"warn".*passed over: checkpoint .* is torn/);
    });
  });

  describe.concurrent("a replay that finds", () => {
    /** The first payment of the blocks above the checkpoint. */
    const PAYMENT = `(select c.user_command_id from blocks_user_commands c
      join blocks b on b.id = c.block_id join user_commands u on u.id = c.user_command_id
      where b.height > 60 and u.command_type = 'payment' order by b.height limit 1)`;
    const HASHES = /block 3N\w+ at height \d+: has ledger hash j\w+, its replay gives j\w+/;

    test.each<[string, string, (string | RegExp)[]]>([
      [
        "another amount",
        `update user_commands set amount = (amount::numeric + 1)::text where id = ${PAYMENT}`,
        [HASHES],
      ],
      [
        "another status",
        `update blocks_user_commands set status = 'failed',
           failure_reason = 'Amount_insufficient_to_create_account'
         where user_command_id = ${PAYMENT}`,
        [
          /block 3N\w+ at height \d+: payment \w+ \(sequence_no \d+\)/,
          "recorded as failed (Amount_insufficient_to_create_account), its replay gives applied",
        ],
      ],
      [
        "another ledger hash",
        `update blocks set ledger_hash = (select ledger_hash from blocks where height = 69)
         where height = 70`,
        ["at height 70", HASHES],
      ],
      [
        "a command less",
        `delete from blocks_internal_commands
         where block_id = (select id from blocks where height = 70)`,
        ["at height 70", HASHES],
      ],
    ])("%s writes nothing of its batch", async (_name, sql, says) => {
      const folder = await newFolder();
      await using target = await changedCopy(ahead, sql);
      await expectUntouched(target, replay(target, folder, await checkpoint()), {
        exit: 20,
        says,
        next: "forklift verify",
      });
      expect(await filesIn(folder)).toEqual({});
    });

    test("a difference in its second batch keeps the first", async () => {
      await using target = await changedCopy(
        ahead,
        "update blocks set ledger_hash = (select ledger_hash from blocks where height = 69) where height = 70",
      );
      const folder = await newFolder();
      const args = replay(target, folder, await checkpoint(), "--checkpoint-interval", "6");
      await expectRefusal(args, { exit: 20, says: ["at height 70"], next: "forklift verify" });
      await using session = await openTestSession(target);
      const [row] = await session.query(
        `select max(b.height) as recorded,
           (select cursor ->> 'height' from forklift.progress_mark
            where stage = 'replay-commands') as marked
         from accounts_accessed a join blocks b on b.id = a.block_id`,
      );
      expect(row).toEqual({ recorded: "66", marked: "66" });
    });
  });

  test("a verification of an altered target prints the whole report", async () => {
    await using target = await changedCopy(
      primed,
      `update blocks_user_commands set sequence_no = sequence_no + 1
       where block_id = (select id from blocks where height = 40);
       update accounts_accessed set balance = (balance::numeric + 1)::text
       where block_id = (select id from blocks where height = 60)`,
    );
    const args = [
      ...["verify", "--source-db", archive.source.url, "--target-db", target.url],
      ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--json"],
    ];
    const before = await contentsOf(target);
    const { stdout } = await expectRefusal(args, {
      exit: 20,
      says: [
        /user-commands-equal: \w+ height 40\b/,
        /ledger-hash-at-tip: .* ledger_hash is j\w+, expected j\w+/,
      ],
      next: "do not publish this target",
    });
    const report = JSON.parse(stdout) as { ok: boolean; checks: { id: string; ok: boolean }[] };
    expect(report.ok).toBe(false);
    expect(report.checks.filter(({ ok }) => ok).length).toBeGreaterThan(5);
    expect(await contentsOf(target)).toEqual(before);
  });

  describe.concurrent("a store", () => {
    const daily = (config: string) => ["daily", "--config", config];

    async function copyOfStore(): Promise<string> {
      const folder = await newFolder();
      await cp(store, folder, { recursive: true });
      return folder;
    }

    const fileNamed = async (folder: string, pattern: RegExp) =>
      path.join(folder, Object.keys(await filesIn(folder)).find((name) => pattern.test(name))!);

    /** A second set, of height 75, whose files are copies of those of the first. */
    async function addNewerSet(folder: string): Promise<{ manifest: string; set: Manifest }> {
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
    }

    test("that is empty cannot be continued", async () => {
      const folder = await newFolder();
      const config = await configFile({ target: { store: folder } });
      await expectRefusal(daily(config), {
        exit: 78,
        says: [folder, "holds no complete set of mainnet"],
        next: "forklift prime",
      });
      expect(await filesIn(folder)).toEqual({});
    });

    test("with a set in it is not primed again", async () => {
      const folder = await copyOfStore();
      const before = await filesIn(folder);
      const config = await configFile({ target: { store: folder } });
      await expectRefusal(["prime", "--config", config], {
        exit: 78,
        says: [folder, `already holds the set mainnet-set-60-${archive.stateHashes[60]}.json`],
        next: "forklift daily",
      });
      expect(await filesIn(folder)).toEqual(before);
    });

    test.each<[string, RegExp]>([
      ["dump", /-migrated-archive-dump-.*\.tar\.gz$/],
      ["checkpoint", /-checkpoint-\d+\.json$/],
    ])("whose %s has one other byte is refused", async (_role, pattern) => {
      const folder = await copyOfStore();
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
        next: "remove its manifest to fall back",
      });
      expect(await filesIn(folder)).toEqual(before);
    });

    test("whose only manifest is cut off is refused with the reason", async () => {
      const folder = await copyOfStore();
      const manifest = await fileNamed(folder, /-set-60-/);
      await writeFile(manifest, (await readFile(manifest)).subarray(0, 400));
      const config = await configFile({ target: { store: folder } });
      await expectRefusal(daily(config), {
        exit: 65,
        says: [folder, "holds no complete set of mainnet", path.basename(manifest), "is torn"],
        next: "forklift prime",
      });
    });

    test.each<[string, (torn: { manifest: string; set: Manifest }) => Promise<void>, RegExp]>([
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
    ])("whose newest set's %s falls back to the set before", async (_name, tear, reason) => {
      const folder = await copyOfStore();
      await tear(await addNewerSet(folder));
      const before = await filesIn(folder);
      const config = await configFile({ target: { store: folder } });
      const ran = await runForklift([...daily(config), "--json"]);
      expect(ran.exit, ran.stderr).toBe(0);
      expect(JSON.parse(ran.stdout)).toMatchObject({ height: 60, published: false });
      expect(ran.stderr).toMatch(reason);
      expect(await filesIn(folder)).toEqual(before);
    });

    test("of dumps without a dump of the network is refused", async () => {
      const dumps = await newFolder();
      await writeFile(path.join(dumps, "devnet-archive-dump-2021-03-20_0000.sql.tar.gz"), "");
      const config = await configFile({ source: { dumps } });
      await expectRefusal(daily(config), {
        exit: 65,
        says: [dumps, "holds no dump named mainnet-archive-dump-{YYYY-MM-DD}_{HHMM}"],
        next: "check source.dumps",
      });
    });
  });

  describe.concurrent("a configuration", () => {
    test.each<[string, object, string | RegExp]>([
      ["with an unknown key", { targett: {} }, 'Unrecognized key: "targett"'],
      ["with a wrong type", { blocks: 7 }, /blocks/],
      ["with two sources", { source: { dumps: "/d", database: "/b" } }, "give either dumps"],
      ["with a bad trusted hash", { trustedStateHash: "3NKbad" }, /trustedStateHash/],
      ["with a bad cron expression", { schedule: { cron: "at noon" } }, "not a cron expression"],
    ])("%s is refused with its key", async (_name, changes, says) => {
      const config = await configFile(changes);
      for (const command of [["config", "--explain"], ["prime"]]) {
        const args = [...command, "--config", config];
        await expectRefusal(args, { exit: 78, says: [config, says], next: "config --explain" });
      }
    });

    test("that is missing, or no YAML, or no mapping is refused", async () => {
      const folder = await newFolder();
      const config = path.join(folder, "forklift.yaml");
      const args = ["schedule", "--config", config];
      const says = [`cannot read configuration ${config}`];
      await expectRefusal(args, { exit: 78, says: [...says, "ENOENT"], next: "--config" });
      await writeFile(config, "network: [mainnet");
      await expectRefusal(args, { exit: 78, says, next: "--config" });
      await writeFile(config, "- mainnet\n");
      await expectRefusal(args, { exit: 78, says: ["is not a YAML mapping"], next: "" });
    });

    test("without a schedule cannot be scheduled", async () => {
      await expectRefusal(["schedule", "--config", await configFile({})], {
        exit: 78,
        says: ["the configuration has no schedule"],
        next: "set schedule.cron",
      });
    });

    test("is not overridden with a key that it does not know", async () => {
      const set = ["--set", "target.shop=/tmp"];
      await expectRefusal(["config", "--explain", "--config", await configFile({}), ...set], {
        exit: 64,
        says: ["--set target.shop=/tmp is not KEY=VALUE"],
        next: "target.store",
      });
    });
  });
});
