// The built programs as processes: exit codes, the result on stdout, the log and the error on stderr, and
// what a signal does. Everything else of a command is tested in the test's own process.

import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import {
  forkliftJson,
  interruptRun,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  PROGRAMS,
  programFile,
  runForklift,
  sampleNetwork,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const SIZES = { blocks: 25, days: 1, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 3 };

let home: string;
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-programs-"));
});
afterAll(() => rm(home, { recursive: true }));

test.each(PROGRAMS)("%s says its version and its commands, and ends with 0", async (program) => {
  const { exit, stdout, stderr } = await runForklift(["--help"], { program });
  expect([exit, stderr]).toEqual([0, ""]);
  expect(stdout).toContain(`Usage: ${program} [options] [command]`);
  const version = await runForklift(["--version"], { program });
  expect(version).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) });
});

test.each([
  ["forklift", ["lift"], 64, "unknown command 'lift'"],
  ["forklift-migrator", ["audit", "--source-db", "postgres://a@127.0.0.1:1/b"], 75, "ECONNREFUSED"],
  ["forklift-replayer", ["checkpoint", "ls", "/nowhere"], 78, "there is no folder /nowhere"],
] as const)("%s %j ends with %i, and says why on stderr", async (program, args, exit, why) => {
  const ran = await runForklift([...args, "--json"], { program });
  expect(ran.exit).toBe(exit);
  expect(ran.stderr).toMatch(/^forklift: .*\n {2}next: /m);
  expect(ran.stderr).toContain(why);
  expect(JSON.parse(ran.stdout)).toMatchObject({ ok: false, error: { exit } });
});

test.each([
  ["too few open files", "ulimit -n 40", "ulimit -n 1024"],
  ["too little memory", "ulimit -v 1500000", "more memory"],
])(
  "with %s a program says so, and shows no stack",
  {
    tags: ["only-in-all"],
  },
  async (_what, limit, next) => {
    const command = `${limit} && exec "${process.execPath}" "${programFile("forklift")}" --version`;
    const ran = await promisify(execFile)("bash", ["-c", command]).catch((error: unknown) => error);
    expect(ran).toMatchObject({
      code: 78,
      stderr: expect.stringMatching(/^forklift: cannot start: /),
    });
    const { stderr } = ran as { readonly stderr: string };
    expect(stderr).toContain(next);
    expect(stderr).not.toMatch(/^ {4}at /m);
  },
);

test("an archive is migrated by one, replayed by the next and verified by the third", async () => {
  const { folder } = await sampleNetwork(SIZES);
  await using source = await openSampleSource(SIZES);
  await using target = await openTestDatabase();
  const network = [
    ...["--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", path.join(folder, "genesis-ledger.json")],
  ];
  const blocks = ["--blocks", path.join(folder, "blocks")];
  const databases = ["--source-db", source.url, "--target-db", target.url];
  const migrate = ["migrate", ...databases, ...network, ...blocks];

  const migrated = await runForklift([...migrate, "--json"], { program: "forklift-migrator" });
  expect(migrated.exit, migrated.stderr).toBe(0);
  expect(JSON.parse(migrated.stdout)).toMatchObject({ ok: true });
  const lines = migrated.stderr.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line) as object)).toContainEqual(
    expect.objectContaining({ level: "info", stage: "copy-blocks" }),
  );

  const replay = [
    "replay",
    ...databases,
    ...network,
    "--checkpoints",
    path.join(home, "checkpoints"),
  ];
  const replayed = await forkliftJson<object>(replay, { program: "forklift-replayer" });
  expect(replayed).toMatchObject({ ok: true });
  expect(await forkliftJson<object>(["verify", ...databases, ...network, ...blocks])).toMatchObject(
    { ok: true },
  );
});

test("a first SIGTERM ends a migration with 75 between two batches", async () => {
  const { folder } = await sampleNetwork(SIZES);
  await using source = await openSampleSource(SIZES);
  await using target = await openTestDatabase();
  const { exit, signal, stderr } = await runForklift(
    [
      ...["migrate", "--source-db", source.url, "--target-db", target.url],
      ...["--network", path.join(folder, "network.yaml"), "--blocks", path.join(folder, "blocks")],
      ...["--genesis-ledger", path.join(folder, "genesis-ledger.json")],
    ],
    { program: "forklift-migrator", terminateAt: /"msg":"1\/\d+ preflight"/ },
  );
  expect([exit, signal], stderr).toEqual([75, null]);
  expect(stderr).toContain("forklift: stopped by a signal");
});

describe("a SIGTERM ends with 75 within ten seconds", { tags: ["only-in-all"] }, () => {
  const STOPPED_MAX_MS = 10_000;

  /** Takes connections, and says nothing to them or a byte now and then. */
  async function openHanging(says: "nothing" | "a byte now and then") {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => undefined));
      if (says === "nothing") return;
      socket.write("HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\n-- dump\n");
      setInterval(() => socket.write(" "), 500).unref();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    return {
      host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      // Long enough that the program is past the beginning of its connection.
      connected: async () => {
        await once(server, "connection");
        await delay(200);
      },
      async [Symbol.asyncDispose]() {
        for (const socket of sockets) socket.destroy();
        server.close();
      },
    };
  }

  async function expectStopped(args: readonly string[], until: () => Promise<void>): Promise<void> {
    let sentAt = 0;
    const { exit, stderr } = await interruptRun(args, {
      signal: "SIGTERM",
      until: async () => {
        await until();
        sentAt = performance.now();
      },
    });
    expect(performance.now() - sentAt, stderr).toBeLessThan(STOPPED_MAX_MS);
    expect(exit, stderr).toBe(75);
    expect(stderr).toMatch(/^forklift: .*\n {2}next: run the same command again/m);
  }

  test("a connection to a PostgreSQL server that never answers", async () => {
    await using server = await openHanging("nothing");
    const url = `postgres://u@${server.host}/archive?connect_timeout=60`;
    await expectStopped(["audit", "--source-db", url], server.connected);
  });

  test.each(["nothing", "a byte now and then"] as const)(
    "a restore from a server that says %s",
    async (says) => {
      await using server = await openHanging(says);
      await using database = await openTestDatabase();
      const dump = `http://${server.host}/dump.sql`;
      await expectStopped(["restore", "--dump", dump, "--db", database.url], server.connected);
    },
  );

  test("a statement that waits for a lock", async () => {
    await using source = await openSampleSource(SIZES);
    await using session = await openTestSession(source);
    await using watcher = await openTestSession(source);
    await session.transaction(async () => {
      await session.query("lock table blocks");
      const waiting = () =>
        watcher.query(
          `select from pg_stat_activity
           where datname = current_database() and wait_event_type = 'Lock'`,
        );
      await expectStopped(["audit", "--source-db", source.url], async () => {
        await expect.poll(waiting, { timeout: 60_000 }).toHaveLength(1);
      });
    });
  });

  test("is never asked for by a configuration that is a pipe", async () => {
    const pipe = path.join(home, "pipe");
    execFileSync("mkfifo", [pipe]);
    const { exit, stderr } = await runForklift(["config", "--config", pipe]);
    expect([exit, stderr]).toEqual([78, expect.stringContaining("is a pipe, expected a file")]);
  });
});
