// The law of interruption: whenever a run is killed, running the same command again gives what an
// undisturbed run gives, to the serial id; and nobody ever sees half of a set.

import { randomInt } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { connect, type Server, startServer, writeDump } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { openStore } from "@forklift/storage";
import {
  forkliftJson,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  openTestDatabase,
  openTestSession,
  runForklift,
  type TestDatabase,
} from "@forklift/testkit";
import { digestTables } from "@forklift/verifier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobOutcome } from "../src/run-job.ts";
import { newestSet, type PublishedSet } from "../src/sets/published-sets.ts";
import { contentsOf } from "./contents.ts";
import { killRun } from "./killed-run.ts";
import { openSmallArchive, type SmallArchive } from "./small-archive.ts";

/** Two batches of blocks and, with a checkpoint every 50, five of the replay. */
const LONG_HEIGHT = 240;
/** What a job primes. */
const PRIMED_HEIGHT = 60;

/** A little more than a stage on so few blocks takes on an idle machine. */
const DELAY_MAX_MS = 900;

const LEDGER = mainnetUrl(MAINNET.genesisLedger);

/** Park and Miller's generator: a failure is repeated with the seed that the test printed. */
function delays(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % DELAY_MAX_MS;
  };
}

function startOf(stage: string): RegExp {
  return new RegExp(`"msg":"\\d+/\\d+ ${stage}"`);
}

/** A line of progress; only logged with `--log-level debug`. */
function progressOf(stage: string, done: number): RegExp {
  return new RegExp(`"stage":"${stage}","done":"${done}"`);
}

describe.skipIf(isMainnetDataMissing())("an interrupted run", () => {
  let archive: SmallArchive;
  /** For scratch databases: other tests ask what is left on the shared one. */
  let server: Server;
  const seed = Number(process.env["FORKLIFT_TEST_SEED"] ?? randomInt(1, 2_147_483_647));

  beforeAll(async () => {
    console.info(`interruption: FORKLIFT_TEST_SEED=${seed}`);
    archive = await openSmallArchive({
      canonicalHeight: PRIMED_HEIGHT,
      filesHeight: LONG_HEIGHT,
    });
    server = await startServer({ binaries: "auto" });
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    await archive[Symbol.asyncDispose]();
  });

  function migrate(target: TestDatabase): string[] {
    return [
      ...["migrate", "--source-db", archive.source.url, "--target-db", target.url],
      ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--network", "mainnet"],
      ...["--stop-at-height", String(LONG_HEIGHT), "--log-level", "debug"],
    ];
  }

  function replay(target: TestDatabase): string[] {
    const checkpoints = path.join(archive.home, `checkpoints-${target.name}`);
    return [
      ...["replay", "--target-db", target.url, "--genesis-ledger", LEDGER],
      ...["--checkpoints", checkpoints, "--checkpoint-interval", "50", "--log-level", "debug"],
    ];
  }

  /** The server lets go of a killed run's lock when it notices; until then another is refused. */
  async function runToEnd(args: readonly string[]): Promise<void> {
    for (;;) {
      const { exit, stderr } = await runForklift(args);
      if (exit === 0) return;
      if (exit !== 75 || !stderr.includes("is locked by")) throw new Error(`${exit}: ${stderr}`);
    }
  }

  async function dumpOf(target: TestDatabase): Promise<string> {
    const out = path.join(archive.home, `${target.name}.sql`);
    await writeDump({ url: target.url, ddl: await readSchema("berkeley"), out, writer: "own" });
    return await readFile(out, "utf8");
  }

  describe.concurrent("of migrate and replay", () => {
    let calm: Promise<TestDatabase>;

    /** Made once; the tests that compare with it wait for it. */
    function undisturbed(): Promise<TestDatabase> {
      calm ??= (async () => {
        const target = await openTestDatabase();
        await runToEnd(migrate(target));
        await runToEnd(replay(target));
        return target;
      })();
      return calm;
    }

    afterAll(async () => {
      await (await calm)?.[Symbol.asyncDispose]();
    });

    async function expectEqualToCalm(target: TestDatabase): Promise<void> {
      const other = await undisturbed();
      await using ours = await openTestSession(target);
      await using theirs = await openTestSession(other);
      expect(await digestTables(ours)).toEqual(await digestTables(theirs));
      // Not compared by toEqual: a difference would print some megabytes.
      const [found, expected] = await Promise.all([dumpOf(target), dumpOf(other)]);
      expect(firstDifference(found, expected)).toBeNull();
    }

    test("killed at any moment gives the same rows and serial ids", async () => {
      const delay = delays(seed);
      await using target = await openTestDatabase();
      const kill = async (args: readonly string[], line: RegExp, afterMs: number) =>
        await killRun(args, { line, afterMs }).catch((error: Error) => {
          if (!error.message.includes("is locked by")) throw error;
        });
      await kill(migrate(target), startOf("create-schema"), delay() / 4);
      await kill(migrate(target), startOf("copy-blocks"), delay());
      await kill(migrate(target), progressOf("copy-blocks", 200), 0);
      await kill(migrate(target), startOf("write-genesis-accounts"), delay() / 4);
      await runToEnd(migrate(target));
      await kill(replay(target), startOf("replay-commands"), delay());
      await kill(replay(target), progressOf("replay-commands", 101), 0);
      await kill(replay(target), startOf("replay-commands"), delay());
      await runToEnd(replay(target));
      await expectEqualToCalm(target);
    });

    test("told to stop ends with 75, says so, and goes on from there", async () => {
      await using target = await openTestDatabase();
      const stopped = async (args: readonly string[], terminateAt: RegExp, stage: string) => {
        const { exit, stderr } = await runForklift(args, { terminateAt });
        expect(exit, stderr).toBe(75);
        expect(stderr).toContain(`stopped by a signal during ${stage}`);
        expect(stderr).toContain("run the same command again; it continues where it stopped");
      };
      await stopped(migrate(target), progressOf("copy-blocks", 200), "");
      await runToEnd(migrate(target));
      await stopped(replay(target), progressOf("replay-commands", 51), "replay-commands");
      const marked = await contentsOf(target);
      expect(marked["forklift.progress_mark"]).toMatch(/^\d rows/);
      await runToEnd(replay(target));
      await expectEqualToCalm(target);
    });
  });

  describe.concurrent("of prime", () => {
    interface Prime {
      readonly args: readonly string[];
      readonly newest: () => Promise<PublishedSet | null>;
    }

    async function prime(name: string, database?: string): Promise<Prime> {
      const home = path.join(archive.home, name);
      await mkdir(home);
      const config = path.join(home, "forklift.yaml");
      const store = path.join(home, "store");
      // JSON is YAML.
      const content = {
        network: "mainnet",
        genesisLedger: LEDGER,
        source: { database: archive.source.url },
        target: { store, ...(database === undefined ? {} : { database }) },
        blocks: [archive.blocks],
        postgres: { url: server.url },
        replay: { checkpointIntervalBlocks: 20 },
      };
      await writeFile(config, JSON.stringify(content));
      const warnings: string[] = [];
      return {
        args: ["prime", "--config", config, "--log-level", "debug"],
        newest: async () =>
          await newestSet(openStore(pathToFileURL(`${store}/`).href), "mainnet", (fault) =>
            warnings.push(fault),
          ),
      };
    }

    let calm: Promise<PublishedSet>;

    function undisturbed(): Promise<PublishedSet> {
      calm ??= (async () => {
        const { args, newest } = await prime("calm");
        const outcome = await forkliftJson<JobOutcome>(args);
        expect(outcome).toMatchObject({ published: true, height: PRIMED_HEIGHT });
        return (await newest())!;
      })();
      return calm;
    }

    async function expectSameSet({ newest }: Prime): Promise<void> {
      const [found, expected] = [await newest(), await undisturbed()];
      expect(found?.name).toBe(expected.name);
      const { digests, rowCounts, verification } = expected.manifest;
      expect(found?.manifest).toMatchObject({ digests, rowCounts, verification });
    }

    async function scratchDatabases(): Promise<string[]> {
      await using session = await connect(server.url, { applicationName: "forklift test" });
      const rows = await session.query<{ datname: string }>(
        "select datname from pg_database where starts_with(datname, 'forklift_scratch_')",
      );
      return rows.map(({ datname }) => datname);
    }

    test("killed in each stage is resumed in the target that was named", async () => {
      await using target = await openTestDatabase();
      const job = await prime("named-target", target.url);
      const moments = [
        startOf("create-schema"),
        startOf("copy-blocks"),
        progressOf("replay-commands", 21),
        startOf("verify-target"),
        startOf("publish-set"),
        progressOf("publish-set", 1),
        progressOf("publish-set", 3),
      ];
      for (const line of moments) {
        const wasKilled = await killRun(job.args, { line, afterMs: 0 });
        const set = await job.newest();
        if (wasKilled && set !== null) expect(String(line)).toContain("publish-set");
      }
      if ((await job.newest()) === null) await runToEnd(job.args);
      await expectSameSet(job);
    });

    test("leaves scratch databases to the next run, and no set until all of it is there", async () => {
      // First: the undisturbed run would sweep what the killed ones leave.
      await undisturbed();
      const job = await prime("scratch");
      const left = new Set<string>();
      for (const line of [startOf("copy-blocks"), progressOf("publish-set", 2)]) {
        expect(await killRun(job.args, { line, afterMs: 0 })).toBe(true);
        expect(await job.newest()).toBeNull();
        for (const name of await scratchDatabases()) left.add(name);
      }
      expect(left.size).toBeGreaterThan(0);
      await runToEnd(job.args);
      await expectSameSet(job);
      const remaining = await scratchDatabases();
      expect(remaining.filter((name) => left.has(name))).toEqual([]);
    });
  });
});

/** The first line in which two texts differ, with both versions of it; null for equal ones. */
function firstDifference(found: string, expected: string): object | null {
  if (found === expected) return null;
  const [ours, theirs] = [found.split("\n"), expected.split("\n")];
  const line = ours.findIndex((text, index) => text !== theirs[index]);
  return { line, found: ours[line], expected: theirs[line] };
}
