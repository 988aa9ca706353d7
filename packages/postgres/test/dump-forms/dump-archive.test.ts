import { createReadStream } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { zstdFrame, zstdSkippable } from "@forklift/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readDumpArchive } from "../../src/dump/dump-archive.ts";
import { caseDump, HAS_CASES, HAS_PG_RESTORE, sqlOf, tarOf, withoutDrawnWords } from "./forms.ts";

const SQL = "--\n-- PostgreSQL database dump\n--\n\nSET a = 1;\n";
const SHADOW = { name: "._dump.sql", body: Buffer.from("0005160700020000", "hex") };
const UTF_8_MARK = "\u{feff}";

describe.skipIf(!HAS_CASES)("a dump of the shared cases", () => {
  test.each(["byte-order-mark.sql.gz", "macos-appledouble.tar.gz", "plain.tar.zst"])(
    "%s gives the SQL that is in it",
    async (name) => {
      const plain = withoutDrawnWords(await sqlOf(await caseDump("plain.sql.zst")));
      expect(plain).toMatch(
        /^--\n-- PostgreSQL database dump\n[\s\S]*-- PostgreSQL database dump complete/,
      );
      expect(withoutDrawnWords(await sqlOf(await caseDump(name)))).toBe(plain);
    },
  );

  test
    .skipIf(!HAS_PG_RESTORE)
    .each(["custom-format.dump", "directory-format.tar.gz", "pg-dump-tar-format.sql.tar.gz"])(
    "%s gives the SQL that pg_dump would have written",
    async (name) => {
      const plain = withoutDrawnWords(await sqlOf(await caseDump("plain.sql.zst")));
      expect(withoutDrawnWords(await sqlOf(await caseDump(name)))).toBe(plain);
    },
  );
});

describe("SQL comes out of", () => {
  const dump = { name: "dump.sql", body: SQL };
  test.each<[string, () => Uint8Array | string | Promise<Uint8Array>]>([
    ["a plain file", () => SQL],
    ["gzip", () => gzipSync(SQL)],
    ["zstd", () => zstdFrame(Buffer.from(SQL))],
    [
      "zstd as pzstd writes it, in frames with a mark before",
      () =>
        Buffer.concat([
          zstdSkippable(Buffer.alloc(4)),
          zstdFrame(Buffer.from(SQL.slice(0, 20))),
          zstdFrame(Buffer.from(SQL.slice(20))),
        ]),
    ],
    [
      "gzip of two members",
      () => Buffer.concat([SQL.slice(0, 9), SQL.slice(9)].map((s) => gzipSync(s))),
    ],
    ["a tar", () => tarOf(dump)],
    ["a tar in gzip", async () => gzipSync(await tarOf(dump))],
    ["a tar in zstd", async () => zstdFrame(await tarOf(dump))],
    ["gzip in zstd", () => zstdFrame(gzipSync(SQL))],
    ["a .sql.gz in a tar", () => tarOf({ name: "dump.sql.gz", body: gzipSync(SQL) })],
    [
      "a .sql.zst in a tar in gzip",
      async () => gzipSync(await tarOf({ name: "d.sql.zst", body: zstdFrame(Buffer.from(SQL)) })),
    ],
    [
      "a folder in a tar",
      () => tarOf({ name: "a/", body: "", type: "directory" }, { ...dump, name: "a/b/dump.sql" }),
    ],
    [
      "a tar of macOS",
      () =>
        tarOf(
          SHADOW,
          dump,
          { ...SHADOW, name: "__MACOSX/dump.sql" },
          { ...SHADOW, name: "a/._b.sql" },
        ),
    ],
    [
      "a tar with a note and a link beside it",
      () =>
        tarOf({ name: "README", body: "read" }, dump, {
          name: "latest.sql",
          body: "",
          type: "symlink",
        }),
    ],
    ["UTF-8 with a mark", () => UTF_8_MARK + SQL],
    ["UTF-8 with a mark in a tar", () => tarOf({ ...dump, body: UTF_8_MARK + SQL })],
  ])("%s", async (_name, bytes) => {
    expect(await sqlOf(await bytes())).toBe(SQL);
  });
});

test("a byte order mark is taken away once, at the beginning, however the bytes arrive", async () => {
  const text = fc.string({ unit: fc.constantFrom(UTF_8_MARK, "a", "\n") });
  await fc.assert(
    fc.asyncProperty(text, fc.integer({ min: 1, max: 9 }), async (body, size) => {
      const bytes = Buffer.from(`${UTF_8_MARK}-- ${body}`);
      async function* small() {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of readDumpArchive(small())) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe(`-- ${body}`);
    }),
  );
});

describe("is refused, and said what it is:", () => {
  const utf16 = Buffer.from(SQL, "utf16le");
  test.each<[string, () => Uint8Array | string | Promise<Uint8Array>, RegExp, RegExp]>([
    ["an empty file", () => "", /^the dump is empty/, /get the dump again/],
    ["an empty file in gzip", () => gzipSync(""), /^the dump is empty/, /get the dump again/],
    ["a zip", () => Buffer.from("504b0304140000000800", "hex"), /packed as zip/, /unzip/],
    [
      "a zip in a tar",
      () => tarOf({ name: "dump.sql", body: "PK\x03\x04 and more" }),
      /as zip/,
      /unzip/,
    ],
    ["xz", () => Buffer.from("fd377a585a000004", "hex"), /packed as xz/, /xz -d/],
    ["bzip2", () => "BZh91AY&SY", /packed as bzip2/, /bzip2 -d/],
    ["lz4", () => Buffer.from("04224d186440", "hex"), /packed as lz4/, /lz4 -d/],
    ["7z", () => Buffer.from("377abcaf271c0004", "hex"), /packed as 7z/, /7z x/],
    [
      "UTF-16 of Windows",
      () => Buffer.concat([Buffer.of(0xff, 0xfe), utf16]),
      /in UTF-16/,
      /iconv/,
    ],
    [
      "UTF-16 of a network",
      () => Buffer.concat([Buffer.of(0xff, 0xfe), utf16]).swap16(),
      /in UTF-16/,
      /iconv/,
    ],
    ["UTF-16 without a mark", () => utf16, /in UTF-16/, /iconv/],
    [
      "a tar without a dump",
      () => tarOf({ name: "a.txt", body: SQL }),
      /holds no dump/,
      /give the dump/,
    ],
    [
      "a tar with two",
      () => tarOf({ name: "a.sql", body: SQL }, { name: "b.sql.gz", body: gzipSync(SQL) }),
      /two dumps, a\.sql and b\.sql\.gz/,
      /of one database/,
    ],
    [
      "packed again and again",
      () => gzipSync(gzipSync(gzipSync(gzipSync(gzipSync(SQL))))),
      /more than 4 times/,
      /unpack it/,
    ],
    ["a cut gzip", () => gzipSync(SQL).subarray(0, -9), /gzip is damaged/, /get it again/],
    [
      "a cut zstd",
      () => zstdFrame(Buffer.from(SQL)).subarray(0, -9),
      /zstd is damaged.*cut off/,
      /get it again/,
    ],
    [
      "a cut tar",
      async () => (await tarOf({ name: "a.sql", body: SQL })).subarray(0, 520),
      /tar is damaged/,
      /get it/,
    ],
  ])("%s", async (_name, bytes, message, hint) => {
    await expect(sqlOf(await bytes())).rejects.toMatchObject({
      name: "SourceDataError",
      message: expect.stringMatching(message),
      hint: expect.stringMatching(hint),
    });
  });
});

test("a file that is refused for what it is, is closed", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "fl-forms-"));
  const file = path.join(folder, "dump.zip");
  await writeFile(file, Buffer.concat([Buffer.from("PK\x03\x04"), Buffer.alloc(500_000)]));
  const stream = createReadStream(file);
  const reading = async () => {
    for await (const _chunk of readDumpArchive(stream));
  };
  await expect(reading()).rejects.toThrow("packed as zip");
  await expect.poll(() => stream.closed).toBe(true);
  await rm(folder, { recursive: true });
});
