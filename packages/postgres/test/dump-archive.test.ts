// A dump in every form in which people have it; what SQL comes out of it is what matters here.

import { createReadStream } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { sharedPath, zstdFrame } from "@forklift/testkit";
import { packTar } from "modern-tar";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDumpArchive } from "../src/dump-archive.ts";
import { HAS_PG_DUMP, isMissingRealData } from "./shared-data.ts";

let scratchDirectory: string;
beforeAll(async () => {
  scratchDirectory = await mkdtemp(path.join(tmpdir(), "fl-forms-"));
});
afterAll(() => rm(scratchDirectory, { recursive: true }));

async function* once(bytes: string | Uint8Array) {
  yield Buffer.from(bytes);
}

async function sqlOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readDumpArchive(stream, { scratchDirectory })) chunks.push(chunk);
  // Whatever came of it, nothing of ours stays.
  expect(await readdir(scratchDirectory)).toEqual([]);
  return Buffer.concat(chunks).toString();
}

const SQL = "CREATE TABLE public.t (a integer);\n";
const member = (name: string, body = SQL) => ({
  header: { name, size: Buffer.byteLength(body) },
  body,
});

describe("the SQL of a dump comes out of", () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array]>([
    ["SQL behind a byte order mark", () => Buffer.from(`\ufeff${SQL}`)],
    ["zstd", () => zstdFrame(Buffer.from(SQL))],
    [
      "several frames of zstd",
      () => Buffer.concat([zstdFrame(Buffer.from(SQL)), zstdFrame(Buffer.of())]),
    ],
    ["gzip in zstd", () => zstdFrame(gzipSync(SQL))],
    ["a tar in zstd", async () => zstdFrame(await packTar([member("a.sql")]))],
    ["a folder in a tar", async () => packTar([member("./backup/a.sql")])],
    [
      "a tar that macOS packed",
      async () =>
        packTar([member("._a.sql", "Mac"), member("a.sql"), member("__MACOSX/a.sql", "Mac")]),
    ],
    ["a tar with notes", async () => packTar([member("README.txt", "x"), member("a.sql")])],
  ])("%s", async (_form, pack) => {
    expect(await sqlOf(once(await pack()))).toBe(SQL);
  });
});

describe("a dump is refused that is", () => {
  test.each<[string, () => Promise<Uint8Array> | Uint8Array, RegExp]>([
    [
      "zstd cut off",
      () => zstdFrame(Buffer.alloc(999, "x")).subarray(0, 500),
      /zstd is damaged: it is cut/,
    ],
    ["a zip archive", () => Buffer.from("PK\x03\x04…"), /is a zip archive, expected SQL, gzip/],
    ["packed with xz", () => Buffer.from("\xfd7zXZ\0…", "latin1"), /is packed with xz/],
    ["UTF-16", () => Buffer.from(`\ufeff${SQL}`, "utf16le"), /is text in UTF-16/],
    ["two dumps", () => packTar([member("a.sql"), member("b.sql")]), /two dumps, a.sql and b.sql/],
    [
      "two of two forms",
      () => packTar([member("a.sql"), member("d/toc.dat")]),
      /two dumps, a.sql and d/,
    ],
    [
      "two directories",
      () => packTar([member("d/toc.dat"), member("e/1.dat")]),
      /d\/toc.dat and e\/1/,
    ],
    ["a tar of something else", () => packTar([member("a.txt")]), /no .sql file and no dump/],
  ])("%s", async (_form, pack, message) => {
    await expect(sqlOf(once(await pack()))).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringMatching(message),
    });
    expect(await readdir(scratchDirectory)).toEqual([]);
  });
});

describe.skipIf(isMissingRealData || !HAS_PG_DUMP)("pg_dump's own format", () => {
  const file = (name: string) => createReadStream(sharedPath(`cases/dumps/${name}`));

  test.each(["custom-format.dump", "directory-format.tar.gz", "pg-dump-tar-format.sql.tar.gz"])(
    "becomes the SQL that pg_dump would have written: %s",
    async (name) => {
      const sql = await sqlOf(file(name));
      expect(sql).toMatch(/^COPY public.blocks \(id, .*\) FROM stdin;$/m);
      expect(sql).toContain("-- PostgreSQL database dump complete");
    },
  );

  test("is told from a damaged one", async () => {
    async function* damaged() {
      for await (const chunk of file("custom-format.dump")) {
        yield Buffer.concat([(chunk as Buffer).subarray(0, 9000), Buffer.alloc(9000, "x")]);
      }
    }
    await expect(sqlOf(damaged())).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringMatching(
        /^pg_restore cannot read the dump, which is in custom format, and/,
      ),
    });
    const contents = packTar([member("d/toc.dat", "PGDMP but no more"), member("d/../../e.dat")]);
    await expect(sqlOf(once(await contents))).rejects.toMatchObject({ name: "SourceDataError" });
  });

  test("passes on an error of the stream that it lies in", async () => {
    async function* failing() {
      for await (const chunk of file("custom-format.dump")) {
        yield (chunk as Buffer).subarray(0, 9000);
        throw new Error("storage broke");
      }
    }
    await expect(sqlOf(failing())).rejects.toThrow("storage broke");
  });
});
