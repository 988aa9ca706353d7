// Dumps in pg_dump's own formats: what pg_restore gets, what it may not do, what files it leaves.
// @module-tag only-in-all

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { zstdFrame } from "@forklift/testkit";
import { unpackTar } from "modern-tar";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readDumpArchive } from "../../src/dump/dump-archive.ts";
import { readDumpFolder } from "../../src/dump-forms/folder-dump.ts";
import {
  caseDump,
  HAS_CASES,
  HAS_PG_RESTORE,
  inPieces,
  type Member,
  sqlOf,
  tarOf,
  withoutDrawnWords,
} from "./forms.ts";

/** Where the archive's version stands in its head: major, minor, revision. */
const MINOR_VERSION_AT = 6;

let scratchDirectory: string;
beforeEach(async () => {
  scratchDirectory = await mkdtemp(path.join(tmpdir(), "fl-pg-restore-"));
});
afterEach(async () => {
  expect(await readdir(scratchDirectory).then((names) => names.filter(isScratch))).toEqual([]);
  await rm(scratchDirectory, { recursive: true });
});
const isScratch = (name: string) => name.startsWith("forklift-dump-");

const read = (bytes: Uint8Array) => sqlOf(bytes, { scratchDirectory });

/** The members of a shared case. */
async function membersOf(name: string): Promise<Member[]> {
  const entries = await unpackTar(gunzipSync(await caseDump(name)));
  return entries
    .filter(({ header }) => header.type === "file")
    .map(({ header, data }) => ({ name: header.name, body: data! }));
}

/** A stub of pg_restore. */
async function program(script: string) {
  const file = path.join(scratchDirectory, "pg_restore");
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
  return async () => ({ program: file, version: "15.18" });
}

describe.skipIf(!HAS_CASES || !HAS_PG_RESTORE)("a dump in a format of pg_dump", () => {
  const plain = async () => withoutDrawnWords(await sqlOf(await caseDump("plain.sql.zst")));

  test("in custom format is read out of gzip, zstd and a tar, whatever it is called there", async () => {
    const dump = await caseDump("custom-format.dump");
    const members = await tarOf(
      { name: "notes.txt", body: "x" },
      { name: "archive.backup", body: dump },
    );
    for (const bytes of [gzipSync(dump), zstdFrame(dump), members, gzipSync(members)]) {
      expect(withoutDrawnWords(await read(bytes))).toBe(await plain());
    }
  });

  test("in directory format is read out of zstd, of no folder, and with the files of macOS", async () => {
    const members = await membersOf("directory-format.tar.gz");
    const bare = members.map(({ name, body }) => ({ name: path.basename(name), body }));
    const shadows = members.map(({ name }) => ({
      name: `${path.dirname(name)}/._${path.basename(name)}`,
      body: "x",
    }));
    for (const bytes of [
      zstdFrame(await tarOf(...members)),
      await tarOf(...bare),
      await tarOf({ name: "dirfmt/.DS_Store", body: "x" }, ...shadows, ...members),
    ]) {
      expect(withoutDrawnWords(await read(bytes))).toBe(await plain());
    }
  });

  test("in directory format is read from the folder itself, twice with the same bytes", async () => {
    const folder = path.join(scratchDirectory, "dirfmt");
    await mkdir(folder);
    for (const { name, body } of await membersOf("directory-format.tar.gz")) {
      await writeFile(path.join(folder, path.basename(name)), body);
    }
    await writeFile(path.join(folder, "notes.txt"), "not of the dump");
    const bytesOf = async () => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of readDumpFolder(folder)) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    const bytes = await bytesOf();
    expect(withoutDrawnWords(await read(bytes))).toBe(await plain());
    expect((await bytesOf()).equals(bytes)).toBe(true);
  });

  test.each<[string, (bytes: Buffer) => Buffer]>([
    ["cut off", (bytes) => bytes.subarray(0, bytes.length >> 1)],
    ["cut off in its head", (bytes) => bytes.subarray(0, 20)],
    ["damaged", (bytes) => Buffer.from(bytes).fill(0xff, 60_000, 60_100)],
  ])("in custom format that is %s is refused with what pg_restore says", async (_name, damage) => {
    await expect(read(damage(await caseDump("custom-format.dump")))).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringMatching(/^pg_restore [\d.]+ cannot read the dump: \w/),
    });
  });

  test("that a newer pg_dump wrote asks for newer programs", async () => {
    const dump = await caseDump("custom-format.dump");
    dump[MINOR_VERSION_AT] = 99;
    await expect(read(dump)).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining("unsupported version (1.99) in file header"),
      hint: expect.stringContaining("as new as the pg_dump that made the dump"),
    });
  });

  test.each([
    ["custom-format.dump", "custom format"],
    ["directory-format.tar.gz", "directory or tar format"],
    ["pg-dump-tar-format.sql.tar.gz", "directory or tar format"],
  ])("%s asks for pg_restore where there is none", async (name, format) => {
    const reading = sqlOf(await caseDump(name), {
      scratchDirectory,
      pgRestore: async () => undefined,
    });
    await expect(reading).rejects.toMatchObject({
      name: "ConfigError",
      message: expect.stringContaining(format),
      hint: expect.stringContaining("postgresql-client"),
    });
  });

  test("takes no file of this machine into the database for what its contents name", async () => {
    const secret = path.join(scratchDirectory, "e.dat");
    await writeFile(secret, "a secret");
    const members = (await membersOf("pg-dump-tar-format.sql.tar.gz")).map(({ name, body }) => {
      if (name !== "toc.dat") return { name, body };
      const contents = Buffer.from(body);
      expect(contents.includes("3478.dat")).toBe(true);
      contents.write("../e.dat", contents.indexOf("3478.dat"));
      return { name, body: contents };
    });
    await expect(read(await tarOf(...members))).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringContaining('"toc.dat" names a file outside of the dump'),
    });
  });

  test.each<[string, (members: Member[]) => Member[], RegExp]>([
    ["without contents", (all) => all.filter(({ name }) => name !== "toc.dat"), /but no toc\.dat/],
    [
      "with a name that climbs",
      (all) => [...all, { name: "../1.dat", body: "x" }],
      /"\.\.\/1\.dat" is not in/,
    ],
    [
      "with an absolute name",
      (all) => [...all, { name: "/tmp/1.dat", body: "x" }],
      /"\/tmp\/1\.dat" is not in/,
    ],
    [
      "with a link",
      (all) => [...all, { name: "1.dat", body: "", type: "symlink" }],
      /"1\.dat" is a symlink/,
    ],
    [
      "with a device",
      (all) => [...all, { name: "1.dat", body: "", type: "character-device" }],
      /is a character/,
    ],
    ["with another file", (all) => [...all, { name: "x.sh", body: "x" }], /"x\.sh" is no part/],
    ["with a part twice", (all) => [...all, all[0]!], /is there twice/],
    [
      "with the part of another",
      (all) => [...all, { name: "e/1.dat", body: "x" }],
      /"e\/1\.dat" is not in/,
    ],
    ["with a second dump", (all) => [...all, { name: "x.sql", body: "x" }], /"x\.sql" is no part/],
    [
      "behind another dump",
      (all) => [{ name: "x.sql", body: "-- x" }, ...all],
      /two dumps, x\.sql and/,
    ],
    [
      "with contents that fill the memory",
      (all) => [{ name: "toc.dat", body: Buffer.alloc(17 * 1024 * 1024) }, ...all],
      /"toc\.dat" has 17825792 bytes, at most/,
    ],
  ])("in tar format is refused %s", async (_name, change, message) => {
    const members = change(await membersOf("pg-dump-tar-format.sql.tar.gz"));
    await expect(read(await tarOf(...members))).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringMatching(message),
    });
  });

  test("gives way to what its source fails with", async () => {
    async function* failing() {
      yield (await caseDump("custom-format.dump")).subarray(0, 50_000);
      throw new Error("storage broke");
    }
    const reading = async () => {
      for await (const _chunk of readDumpArchive(failing()));
    };
    await expect(reading()).rejects.toThrow("storage broke");
  });
});

describe.skipIf(!HAS_CASES)("pg_restore", () => {
  const dump = () => caseDump("custom-format.dump");

  test("gets nothing of our environment but the language, and no connection", async () => {
    const pgRestore = await program('env; echo "$@"; cat > /dev/null');
    process.env["FORKLIFT_TEST_SECRET"] = "s3cret";
    const said = await sqlOf(await dump(), { pgRestore });
    delete process.env["FORKLIFT_TEST_SECRET"];
    expect(said).not.toContain("s3cret");
    expect(said).toContain("LC_ALL=C");
    expect(said).not.toMatch(/^(?:PG\w*|HOME|USER)=/m);
    expect(said.trim().split("\n").at(-1)).toBe("--file=- --format=custom");
  });

  test("that fails after all of its SQL is a failure, with the last line of what it says", async () => {
    const pgRestore = await program(
      "echo '-- PostgreSQL database dump complete'; yes noise | head -c 3000000 >&2; " +
        "echo 'pg_restore: error: could not read' >&2; exit 1",
    );
    await expect(sqlOf(await dump(), { pgRestore })).rejects.toMatchObject({
      name: "SourceDataError",
      message: "pg_restore 15.18 cannot read the dump: could not read",
    });
  });

  test("that something else ends may succeed later; one that crashes has a dump to blame", async () => {
    for (const [signal, name] of [
      ["KILL", "TryAgainError"],
      ["SEGV", "SourceDataError"],
    ] as const) {
      const pgRestore = await program(`kill -${signal} $$`);
      await expect(sqlOf(await dump(), { pgRestore })).rejects.toMatchObject({
        name,
        message: expect.stringContaining(`SIG${signal}`),
      });
    }
  });

  test("that ends before its input does has read enough: what follows is read for its checksum", async () => {
    const pgRestore = await program("echo 'select 1;'");
    let read = 0;
    async function* counted() {
      for await (const piece of inPieces(Buffer.concat([await dump(), Buffer.alloc(5_000_000)]))) {
        read += piece.length;
        yield piece;
      }
    }
    for await (const _chunk of readDumpArchive(counted(), { pgRestore }));
    expect(read).toBe((await dump()).length + 5_000_000);
  });

  test.each([
    ["by a signal", true],
    ["by a reader that has enough", false],
  ])("that hangs is ended %s", async (_how, isSignal) => {
    const pid = path.join(scratchDirectory, "pid");
    const pgRestore = await program(`echo $$ > ${pid}; echo 'select 1;'; exec sleep 600`);
    const stop = new AbortController();
    const options = { pgRestore, signal: stop.signal };
    const reading = async () => {
      for await (const _chunk of readDumpArchive(inPieces(await dump()), options)) {
        if (!isSignal) return;
        stop.abort();
      }
    };
    if (isSignal) await expect(reading()).rejects.toMatchObject({ name: "TryAgainError" });
    else await reading();
    const number = Number(await readFile(pid, "utf8"));
    await expect.poll(() => isRunning(number)).toBe(false);
  });

  test("is given a bounded amount of memory, wherever the system can bound it", async () => {
    const pgRestore = await program("ulimit -v");
    expect(Number(await sqlOf(await dump(), { pgRestore }))).toBe(1024 * 1024);
  });
});

test.skipIf(!HAS_CASES)(
  "a signal ends the unpacking of a dump in directory format, too",
  async () => {
    const bytes = gunzipSync(await caseDump("pg-dump-tar-format.sql.tar.gz"));
    const stop = new AbortController();
    async function* slow() {
      for await (const piece of inPieces(bytes, 10_000)) {
        yield piece;
        stop.abort();
        await delay(1);
      }
    }
    const reading = async () => {
      const options = { scratchDirectory, signal: stop.signal };
      for await (const _chunk of readDumpArchive(slow(), options));
    };
    await expect(reading()).rejects.toMatchObject({ name: "TryAgainError" });
  },
);

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
