// The law of interruption: whenever a run is killed, running the same command again gives what an
// undisturbed run gives, to the serial id; and nobody ever sees half of a set.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { connect, type Server, startServer } from "@forklift/postgres";
import { checkedBytes, type PublishedSet, publishedSets } from "@forklift/sets";
import { openStore, type Store } from "@forklift/storage";
import {
  contentsOf,
  forkliftJson,
  interruptRun,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  openSmallArchive,
  openTestDatabase,
  openTestSession,
  projectionOfSets,
  projectionOfTarget,
  runForklift,
  type SmallArchive,
  type TestDatabase,
} from "@forklift/testkit";
import { digestTables } from "@forklift/verifier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { JobOutcome } from "../src/run/run-job.ts";

/** Several batches of blocks, the first of them 50, and with a checkpoint every 50 five of the replay. */
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

  function checkpointsOf(target: TestDatabase): string {
    return path.join(archive.home, `checkpoints-${target.name}`);
  }

  /** Begins where it finds a checkpoint, else with what the database has recorded. */
  function replay(target: TestDatabase): string[] {
    return [
      ...["replay", "--target-db", target.url, "--checkpoints", checkpointsOf(target)],
      ...["--checkpoint-interval", "50", "--log-level", "debug"],
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

  describe.concurrent("of migrate and replay", () => {
    let calm: Promise<TestDatabase>;

    /** Made once; the tests that compare with it wait for it. */
    function undisturbed(): Promise<TestDatabase> {
      calm ??= (async () => {
        const target = await openTestDatabase();
        await runToEnd(migrate(target));
        await runToEnd([...replay(target), "--genesis-ledger", LEDGER]);
        return target;
      })();
      return calm;
    }

    afterAll(async () => {
      await (await calm)?.[Symbol.asyncDispose]();
    });

    async function expectEqualToCalm(target: TestDatabase): Promise<void> {
      const other = await undisturbed();
      expect(await projectionOfTarget(target.url)).toBe(await projectionOfTarget(other.url));
      const [last, lastOfCalm] = [await lastCheckpoint(target), await lastCheckpoint(other)];
      expect(last.name).toBe(lastOfCalm.name);
      expect(last.bytes.equals(lastOfCalm.bytes)).toBe(true);
    }

    async function lastCheckpoint(target: TestDatabase): Promise<{ name: string; bytes: Buffer }> {
      const slotOf = (file: string) => Number(/-checkpoint-(\d+)\.json$/.exec(file)?.[1] ?? 0);
      const folder = checkpointsOf(target);
      const [name = ""] = (await readdir(folder)).sort((a, b) => slotOf(b) - slotOf(a));
      return { name, bytes: await readFile(path.join(folder, name)) };
    }

    /**
     * Lets a batch of the replay wait for ever where it saves its mark, and kills it there: what it
     * has written must not be seen without the mark.
     */
    async function killWhileMarking(target: TestDatabase): Promise<void> {
      await using session = await openTestSession(target);
      await session.transaction(async () => {
        await session.query("lock table forklift.progress_mark in share mode");
        const before = await contentsOf(target);
        const until = async (ended: AbortSignal) => {
          for (let isWaiting = false; !isWaiting && !ended.aborted; ) {
            const [row] = await session.query<{ waits: boolean }>(
              `select exists (select from pg_locks where not granted
                 and relation = 'forklift.progress_mark'::regclass) as waits`,
            );
            isWaiting = row!.waits;
          }
          expect(await contentsOf(target)).toEqual(before);
        };
        const { exit, stderr } = await interruptRun(replay(target), { signal: "SIGKILL", until });
        expect(exit, stderr).toBeNull();
      });
    }

    test("killed at any moment gives the same rows and serial ids", async () => {
      const delay = delays(seed);
      await using target = await openTestDatabase();
      // A run may have ended before its time, or may have found the lock of the last one.
      const kill = async (args: readonly string[], line: RegExp, afterMs: number) => {
        const { exit, stderr } = await interruptRun(args, { signal: "SIGKILL", line, afterMs });
        expect([null, 0, 75], stderr).toContain(exit);
      };
      await kill(migrate(target), startOf("create-schema"), delay() / 4);
      await kill(migrate(target), startOf("copy-blocks"), delay());
      await kill(migrate(target), progressOf("copy-blocks", 50), 0);
      await kill(migrate(target), startOf("write-genesis-accounts"), delay() / 4);
      await runToEnd(migrate(target));
      await kill(replay(target), startOf("replay-commands"), delay());
      await killWhileMarking(target);
      await kill(replay(target), startOf("replay-commands"), delay());
      // The database alone: no checkpoint is left of what was replayed so far.
      await rm(checkpointsOf(target), { recursive: true, force: true });
      await kill(replay(target), progressOf("replay-commands", 101), 0);
      await kill(replay(target), startOf("replay-commands"), delay());
      await rm(checkpointsOf(target), { recursive: true, force: true });
      await kill(replay(target), startOf("replay-commands"), delay());
      await runToEnd(replay(target));
      await expectEqualToCalm(target);
    });

    test("told to stop ends with 75, says so, and goes on from there", async () => {
      await using target = await openTestDatabase();
      const stopped = async (args: readonly string[], line: RegExp) => {
        const { exit, stderr } = await interruptRun(args, { signal: "SIGTERM", line });
        expect(exit, stderr).toBe(75);
        expect(stderr).toContain("forklift: stopped by a signal during ");
        expect(stderr).toContain("run the same command again; it continues where it stopped");
      };
      await stopped(migrate(target), progressOf("copy-blocks", 50));
      await runToEnd(migrate(target));
      await stopped(replay(target), progressOf("replay-commands", 51));
      const marked = await replayedHeight(target);
      expect(marked).toBeGreaterThanOrEqual(51);
      expect(marked).toBeLessThan(LONG_HEIGHT);
      await runToEnd(replay(target));
      await expectEqualToCalm(target);
    });
  });

  describe.concurrent("of prime", () => {
    interface Prime {
      readonly args: readonly string[];
      /** @throws Error when there is a manifest without all of its files. */
      readonly newest: () => Promise<PublishedSet | null>;
      readonly store: Store;
    }

    async function prime(name: string, database?: string): Promise<Prime> {
      const home = path.join(archive.home, name);
      await mkdir(home);
      const config = path.join(home, "forklift.yaml");
      const store = openStore(pathToFileURL(`${home}/store/`).href);
      // JSON is YAML.
      const content = {
        network: "mainnet",
        genesisLedger: LEDGER,
        source: { database: archive.source.url },
        target: { store: store.url, ...(database === undefined ? {} : { database }) },
        blocks: [archive.blocks],
        postgres: { url: server.url },
        replay: { checkpointIntervalBlocks: 20 },
      };
      await writeFile(config, JSON.stringify(content));
      return {
        store,
        args: ["prime", "--config", config, "--log-level", "debug"],
        newest: async () =>
          await publishedSets(store, "mainnet", (fault) => {
            throw new Error(fault);
          }).newest(),
      };
    }

    let calm: Promise<Record<string, unknown>>;

    function undisturbed(): Promise<Record<string, unknown>> {
      calm ??= (async () => {
        const { args, store } = await prime("calm");
        const outcome = await forkliftJson<JobOutcome>(args);
        expect(outcome).toMatchObject({ published: true, height: PRIMED_HEIGHT });
        return await projectionOfSets(fileURLToPath(store.url));
      })();
      return calm;
    }

    async function expectSameSet({ newest, store }: Prime): Promise<void> {
      expect(await projectionOfSets(fileURLToPath(store.url))).toEqual(await undisturbed());
      const found = await newest();
      // Reads each file to its end and compares its digest with the manifest's.
      for (const file of found!.manifest.files) {
        for await (const _chunk of checkedBytes(store, file));
      }
    }

    /** The signal may come too late, and then the set must be there; or meet the lock of the last. */
    async function killJob(job: Prime, line: RegExp, afterMs: number): Promise<void> {
      if ((await job.newest()) !== null) return;
      const run = await interruptRun(job.args, { signal: "SIGKILL", line, afterMs });
      expect([null, 0, 75], run.stderr).toContain(run.exit);
      if ((await job.newest()) !== null) await expectSameSet(job);
      else expect(run.exit).not.toBe(0);
    }

    async function endJob(job: Prime): Promise<void> {
      if ((await job.newest()) === null) await runToEnd(job.args);
    }

    async function databasesOf({ store }: Prime): Promise<string[]> {
      await using session = await connect(server.url, { applicationName: "forklift test" });
      const rows = await session.query<{ datname: string }>(
        `select datname from pg_database where starts_with(datname, 'forklift_run_')
         and right(shobj_description(oid, 'pg_database'), length($1)) = $1`,
        [store.url],
      );
      return rows.map(({ datname }) => datname);
    }

    test("killed in each stage is resumed in the target that was named", async () => {
      await using target = await openTestDatabase();
      const job = await prime("named-target", target.url);
      const delay = delays(seed);
      const moments: [RegExp, number][] = [
        [startOf("create-schema"), 0],
        [startOf("copy-blocks"), 0],
        [progressOf("replay-commands", 21), 0],
        [startOf("verify-target"), delay()],
        [startOf("publish-set"), 0],
        [progressOf("publish-set", 1), 0],
        [startOf("publish-set"), delay()],
      ];
      for (const moment of moments) await killJob(job, ...moment);
      await endJob(job);
      await expectSameSet(job);
    });

    test("told to stop says where it will go on: in a named target, or in its work folder", async () => {
      await using target = await openTestDatabase();
      const line = progressOf("replay-commands", 21);
      for (const [name, database, says] of [
        [
          "stopped-own",
          undefined,
          "which stays in its databases on the server, and in its work folder below ",
        ],
        ["stopped-named", target.url, "which stays in the target, and in its work folder"],
      ] as const) {
        const job = await prime(name, database);
        const { exit, stderr } = await interruptRun(job.args, { signal: "SIGTERM", line });
        expect(exit, stderr).toBe(75);
        expect(stderr).toContain("next: run the same command again; on the same input it goes on");
        expect(stderr).toContain(says);
      }
    });

    test("that follows goes on after each kill, and comes to the same rows", async () => {
      await using target = await openTestDatabase();
      const { args } = await prime("follow", target.url);
      const follow = ["follow", "--interval", "1", ...args.slice(1)];
      for (const stage of ["create-schema", "copy-blocks", "replay-commands", "verify-target"]) {
        const killed = { signal: "SIGKILL", line: startOf(stage) } as const;
        expect((await interruptRun(follow, killed)).exit).toBe(null);
      }
      const stopped = { signal: "SIGTERM", line: /the source has gained nothing/ } as const;
      const { exit, stderr } = await interruptRun(follow, stopped);
      expect(exit, stderr).toBe(0);
      await using session = await openTestSession(target);
      const [manifest] = Object.values(await undisturbed());
      expect(manifest).toMatchObject({ digests: await digestTables(session) });
    });

    test("leaves its databases to the next run, no set until all of it is there, and then nothing", async () => {
      await undisturbed();
      const job = await prime("own");
      const left = new Set<string>();
      for (const line of [startOf("copy-blocks"), progressOf("publish-set", 2)]) {
        await killJob(job, line, 0);
        for (const name of await databasesOf(job)) left.add(name);
      }
      expect(left.size).toBeGreaterThan(0);
      await endJob(job);
      await expectSameSet(job);
      expect(await databasesOf(job)).toEqual([]);
    });
  });
});

describe("a prime on a server of its own, ended in each of its stages", () => {
  const signals = ["SIGKILL", "SIGTERM"] as const;

  test.each(signals)("by %s, does nothing twice that was committed", async (signal) => {
    const bench = fileURLToPath(new URL("../bench/resume.js", import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [
      ...[bench, "--json", "--blocks", "400", "--signals", signal],
    ]);
    const { interrupted } = figures.parse(JSON.parse(stdout));
    const [chain] = interrupted;
    console.info(`${signal}: ${JSON.stringify(chain)}`);
    const { same, ended, again } = chain!;
    expect(same).toBe(true);
    // By SIGTERM the last ones may be over before it meets them.
    expect(ended.length).toBeGreaterThan(8);
    for (const { exit } of ended) expect(exit).toBe(signal === "SIGKILL" ? null : 75);
    const { "verify-target": walked, ...copied } = again;
    // A stage that a SIGTERM came too late for was not seen twice.
    const surelyEnded = signal === "SIGKILL" ? ["copy-blocks", "replay-commands"] : [];
    expect(Object.keys(copied)).toEqual(expect.arrayContaining(surelyEnded));
    for (const { blocks } of Object.values(copied)) expect(blocks).toBe(0);
    expect(walked!.blocks).toBeLessThanOrEqual(MARK_BLOCKS);
  });
});

/** From one mark of the verification to the next. */
const MARK_BLOCKS = 500;

const figures = z.object({
  interrupted: z.array(
    z.object({
      same: z.boolean(),
      ended: z.array(z.object({ exit: z.int().nullable(), stage: z.string() })),
      again: z.record(z.string(), z.object({ blocks: z.int(), batch_blocks_max: z.int() })),
    }),
  ),
});

async function replayedHeight(target: TestDatabase): Promise<number> {
  await using session = await openTestSession(target);
  const [row] = await session.query<{ height: string }>(
    "select cursor ->> 'height' as height from forklift.progress_mark where stage = $1",
    ["replay-commands"],
  );
  return Number(row!.height);
}
