// A server of our own: started, ended and swept, whatever becomes of us.
// @module-tag only-in-all

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import {
  chmod,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  symlink,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { findBinaries, findPgDump } from "../src/server/binaries.ts";
import { embeddedBinaries, findEmbeddedPackage, runs } from "../src/server/embedded.ts";
import { startServer } from "../src/server/server.ts";
import { sweepServerDirectories } from "../src/server/server-directory.ts";
import { recoverySilenceMs } from "../src/server/wait-until-ready.ts";
import { connect } from "../src/session/session.ts";
import { HAS_SERVER, ROOT } from "./shared-data.ts";

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), "fl-"));
  // The server may run as another user, who must be able to pass.
  await chmod(parent, 0o755);
});
afterEach(async () => {
  await rm(parent, { recursive: true, force: true });
});

const answerOf = async (url: string) => {
  await using session = await connect(url, { applicationName: "server test" });
  return (await session.query("select 1 as one"))[0]?.["one"];
};

describe.each(["local", "embedded"] as const)("a temporary server of %s binaries", (binaries) => {
  test.skipIf(binaries === "local" && !HAS_SERVER)(
    "answers on its socket only, and leaves nothing behind",
    async () => {
      const server = await startServer({ binaries, directory: parent });
      expect(server.version).toMatch(/^\d+\.\d+$/);
      expect(await answerOf(server.url)).toBe(1);
      const session = await connect(server.url, { applicationName: "server test" });
      const [row] = await session.query("show listen_addresses");
      expect(row).toEqual({ listen_addresses: "" });
      await session.close();
      await server[Symbol.asyncDispose]();
      expect(await readdir(parent)).toEqual([]);
      await expect(answerOf(server.url)).rejects.toMatchObject({ exit: "tryAgain" });
    },
  );
});

describe("a temporary server", () => {
  test("takes the embedded package when PATH and the usual places hold no PostgreSQL", async () => {
    const saved = process.env["PATH"];
    process.env["PATH"] = "/nonexistent";
    try {
      // A machine may have PostgreSQL in a usual directory all the same, so the choice is named.
      await using server = await startServer({ binaries: "embedded", directory: parent });
      expect(await answerOf(server.url)).toBe(1);
    } finally {
      process.env["PATH"] = saved;
    }
  });

  test("puts its socket elsewhere when its directory has too long a name", async () => {
    const deep = path.join(parent, "d".repeat(90));
    await mkdir(deep);
    await using server = await startServer({ binaries: "auto", directory: deep });
    expect(server.url.length).toBeLessThan(150);
    expect(await answerOf(server.url)).toBe(1);
  });

  test.each([
    ["is killed", "kill -9 $$", "tryAgain", "initdb was ended by SIGKILL"],
    [
      "finds its disk full",
      "echo 'FATAL:  could not write to file: No space left on device'; exit 1",
      "tryAgain",
      "No space left on device",
    ],
    ["refuses", "echo 'FATAL:  no locale'; exit 1", "config", "FATAL:  no locale"],
  ])("says what happened when its initdb %s", async (_, does, exit, says) => {
    const { dir } = (await findBinaries())!;
    const folder = await mkdtemp(path.join(parent, "bin-"));
    await chmod(folder, 0o755);
    await symlink(path.join(dir, "postgres"), path.join(folder, "postgres"));
    await writeFile(path.join(folder, "initdb"), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
    vi.stubEnv("PATH", `${folder}:/usr/bin:/bin`);
    try {
      await expect(startServer({ binaries: "local" })).rejects.toMatchObject({
        exit,
        message: expect.stringContaining(says),
      });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("says what is wrong when its directory is not there", async () => {
    const directory = path.join(parent, "nowhere");
    await expect(startServer({ binaries: "auto", directory })).rejects.toThrow(/nowhere/);
  });
});

describe("a standby", () => {
  test("refuses a transaction that is to write as a target that nobody can write", async () => {
    const { dir } = (await findBinaries())!;
    const data = path.join(parent, "standby");
    const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    await chmod(parent, 0o777);
    const run = (program: string, args: readonly string[]) =>
      once(
        spawn(path.join(dir, program), args, { ...identity, cwd: parent, stdio: "ignore" }),
        "exit",
      );
    await run("initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-N"]);
    await writeFile(path.join(data, "standby.signal"), "");
    const options = `-c listen_addresses= -c unix_socket_directories=${parent}`;
    await run("pg_ctl", ["-D", data, "-w", "-l", path.join(data, "log"), "-o", options, "start"]);
    try {
      const url = `postgres://postgres@/postgres?host=${encodeURIComponent(parent)}`;
      await using session = await connect(url, { applicationName: "server test" });
      await expect(session.transaction(async () => undefined)).rejects.toMatchObject({
        exit: "config",
        hint: expect.stringContaining("give the primary's URL"),
      });
    } finally {
      await run("pg_ctl", ["-D", data, "-m", "immediate", "stop"]);
    }
  });
});

describe("the embedded package", () => {
  // Only root has a home that the server's user cannot enter.
  test.skipIf(process.getuid?.() !== 0)(
    "runs from a private home and without its install script, by way of a copy",
    async () => {
      const home = await mkdtemp(path.join(parent, "home-"));
      const isLink = async (file: string) => (await lstat(file)).isSymbolicLink();
      await cp(findEmbeddedPackage(), home, {
        recursive: true,
        filter: async (file) => !(await isLink(file)),
      });
      const nobody = { uid: 65534, gid: 65534 };
      expect(runs(path.join(home, "native/bin"), nobody)).toMatch(/EACCES/);
      const dir = await embeddedBinaries(nobody, path.join(parent, "copy"), home);
      expect(dir).toBe(path.join(parent, "copy/native/bin"));
      expect(runs(dir, nobody)).toBeUndefined();
    },
  );
});

describe("a server whose run is killed", () => {
  const PROGRAM = `
    import { startServer } from "@forklift/postgres";
    const server = await startServer({ binaries: "auto", directory: process.argv[1] });
    console.log(server.url);
    setInterval(() => {}, 1000);`;

  async function startChild(): Promise<{ child: ChildProcess; url: string }> {
    const args = ["--input-type=module", "-e", PROGRAM, parent];
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [url] = (await once(createInterface(child.stdout), "line")) as [string];
    return { child, url };
  }

  test("ends with it, and so does its directory", async () => {
    const { child, url } = await startChild();
    expect(await answerOf(url)).toBe(1);
    child.kill("SIGKILL");
    await expect.poll(() => readdir(parent), { timeout: 15_000 }).toEqual([]);
    await expect(answerOf(url)).rejects.toMatchObject({ exit: "tryAgain" });
  });

  test("is kept by a sweep while it lives, and swept if its watchdog died too", async () => {
    const { child, url } = await startChild();
    expect(await sweepServerDirectories(parent)).toEqual([]);
    const [name = ""] = await readdir(parent);
    const dir = path.join(parent, name);
    const watchdogs = spawn("pgrep", ["-f", `forklift-watchdog ${dir}`]);
    const [pid] = (await once(createInterface(watchdogs.stdout), "line")) as [string];
    process.kill(Number(pid), "SIGKILL");
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(await answerOf(url)).toBe(1);
    await using next = await startServer({ binaries: "auto", directory: parent });
    expect(await answerOf(next.url)).toBe(1);
    expect(existsSync(dir)).toBe(false);
    await expect(answerOf(url)).rejects.toMatchObject({ exit: "tryAgain" });
  });
});

describe("a server that is kept", () => {
  const keptIn = () => path.join(parent, "kept");
  const kept = () => startServer({ binaries: "auto", keptIn: keptIn() });

  /** As a disk does that takes none of what is to be written before an end in order. */
  async function stopWriting(url: string): Promise<void> {
    await using session = await connect(url, { applicationName: "server test" });
    await session.query("create table kept (n int); insert into kept values (7)");
    // A commit of the last moments may be lost, with those after it.
    await session.query("checkpoint");
    const [row] = await session.query<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'checkpointer'",
    );
    process.kill(row!.pid, "SIGSTOP");
  }

  async function keptRowCount(url: string): Promise<unknown> {
    await using session = await connect(url, { applicationName: "server test" });
    return (await session.query("select count(*) as rows from kept"))[0]?.["rows"];
  }

  async function keptRows(url: string): Promise<unknown> {
    await using session = await connect(url, { applicationName: "server test" });
    return await session.query("select n from kept");
  }

  test("ends without its last writing where that takes too long, and holds what was committed", async () => {
    const server = await kept();
    await stopWriting(server.url);
    await server[Symbol.asyncDispose]();
    await expect(answerOf(server.url)).rejects.toMatchObject({ exit: "tryAgain" });
    await using next = await kept();
    expect(await keptRows(next.url)).toEqual([{ n: 7 }]);
  });

  test("that was killed reads its log again at its start, and says so meanwhile", async () => {
    const server = await kept();
    {
      await using session = await connect(server.url, { applicationName: "server test" });
      await session.query("create table kept (n int)");
      await session.query("set synchronous_commit = on");
      await session.query("insert into kept select n from generate_series(1, 300000) n");
    }
    const [pid] = (await readFile(path.join(keptIn(), "data/postmaster.pid"), "utf8")).split("\n");
    process.kill(Number(pid), "SIGKILL");
    const told: string[] = [];
    await using next = await startServer({
      ...{ binaries: "auto", keptIn: keptIn(), tellEveryMs: 20 },
      inform: (message) => told.push(message),
    });
    expect(told[0]).toMatch(
      /^waiting for the PostgreSQL server in .*kept for 0 s, .* within 600 s: /,
    );
    expect(told.join("\n")).not.toMatch(/FATAL/);
    expect(await keptRowCount(next.url)).toBe("300000");
    await server[Symbol.asyncDispose]();
  });

  test("is waited for as long as its log is large", async () => {
    expect(await recoverySilenceMs(keptIn())).toBe(600_000);
    const folder = path.join(keptIn(), "data/pg_wal");
    await mkdir(folder, { recursive: true });
    for (const name of ["000000010000000000000001", "000000010000000000000002"]) {
      await writeFile(path.join(folder, name), "");
      await truncate(path.join(folder, name), 2_000_000_000);
    }
    expect(await recoverySilenceMs(keptIn())).toBe(4_000_000);
  });

  test("ends in the middle of a COPY and of an index, and holds what was committed", async () => {
    const server = await kept();
    const [copying, indexing] = await Promise.all(
      ["copy", "index"].map((name) => connect(server.url, { applicationName: name })),
    );
    await copying!.query("create table kept (n int); insert into kept values (7)");
    await indexing!.query("create table rows as select n from generate_series(1, 100000) n");
    await indexing!.query(
      `create function slow(n int) returns int language plpgsql immutable
       as 'begin perform pg_sleep(600); return n; end'`,
    );
    const copied = copying!.query(
      "copy rows from program 'for n in 1 2 3; do echo $n; sleep 600; done'",
    );
    const indexed = indexing!.query("create index on rows (slow(n))");
    const ends = Promise.allSettled([copied, indexed]);
    await expect
      .poll(() => busySessions(server.url), { timeout: 60_000 })
      .toEqual(["copy", "index"]);
    await server[Symbol.asyncDispose]();
    expect((await ends).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    for (const session of [copying!, indexing!]) await session.close();
    await using next = await kept();
    expect(await keptRows(next.url)).toEqual([{ n: 7 }]);
  });
});

async function busySessions(url: string): Promise<string[]> {
  await using session = await connect(url, { applicationName: "server test" });
  const rows = await session.query<{ name: string }>(
    `select application_name as name from pg_stat_activity
     where application_name in ('copy', 'index') and state = 'active' order by 1`,
  );
  return rows.map(({ name }) => name);
}

describe("the search for programs", () => {
  test.skipIf(!HAS_SERVER)("finds a server and says whether pg_dump is beside it", async () => {
    const found = await findBinaries();
    expect(found).toMatchObject({ version: expect.stringMatching(/^\d+/) });
    expect(existsSync(path.join(found?.dir ?? "", "pg_dump"))).toBe(found?.hasPgDump);
  });

  test("finds no pg_dump for a server newer than all of them", async () => {
    expect(await findPgDump(99)).toBeUndefined();
  });
});
