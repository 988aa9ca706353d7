// A published set of somebody else, verified by one command in a database that is there only meanwhile: what it
// proves by itself, and every way in which a set can be another than it says.

import { createHash } from "node:crypto";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { parseJson } from "@forklift/chain";
import { connect, startServer } from "@forklift/postgres";
import { encodeManifest, type Manifest, manifestSchema } from "@forklift/sets";
import {
  archiveTest,
  inProcess,
  isMainnetDataMissing,
  LEDGER,
  MAINNET,
  type Refusal,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { forklift } from "../src/commands/index.ts";
import { type ReportDocument, reportSchema } from "../src/stages/verification-report.ts";

const { run, runJson, expectRefusal } = inProcess(forklift);

const perFile = { scope: "file" } as const;

const test = archiveTest
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads a fixture's needs from a pattern.
  .extend("server", perFile, async ({}, { onCleanup }) => {
    const server = await startServer({ binaries: "auto" });
    onCleanup(() => server[Symbol.asyncDispose]());
    return server;
  })
  /** A copy of the published set, and how its manifest is written anew, with digests that fit its files. */
  .extend("published", async ({ newFolder, store }) => {
    const folder = await newFolder();
    await cp(store, folder, { recursive: true });
    const names = await readdir(folder);
    const name = names.find((it) => /-set-60-/.test(it))!;
    const manifest = manifestSchema.parse(
      parseJson(await readFile(path.join(folder, name), "utf8")),
    );
    return { folder, name, manifest, url: path.join(folder, name) };
  });

const verifySet = (url: string, postgres: string, ...more: string[]) => [
  ...["verify", "--set", url, "--postgres", postgres, "--genesis-ledger", LEDGER, ...more],
];

const isOfRun = /^forklift_/;

async function databasesOn(url: string): Promise<string[]> {
  await using session = await connect(url, { applicationName: "forklift test" });
  const rows = await session.query<{ name: string }>("select datname as name from pg_database");
  return rows.map(({ name }) => name).filter((name) => isOfRun.test(name));
}

/** Writes a file of the set anew and states what it is now. */
async function rewrite(
  { folder, name, manifest }: Published,
  role: Manifest["files"][number]["role"],
  change: (bytes: Buffer) => Buffer,
): Promise<void> {
  const file = manifest.files.find((it) => it.role === role)!;
  const bytes = change(await readFile(path.join(folder, file.name)));
  await writeFile(path.join(folder, file.name), bytes);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const files = manifest.files.map((it) =>
    it.role === role ? { ...it, bytes: bytes.length, sha256 } : it,
  );
  await writeFile(path.join(folder, name), encodeManifest({ ...manifest, files }));
}

interface Published {
  readonly folder: string;
  readonly name: string;
  readonly manifest: Manifest;
  readonly url: string;
}

const PUBLISHER = /ask its publisher/;

const refused = (says: Refusal["says"], next: Refusal["next"] = PUBLISHER): Refusal => ({
  exit: 65,
  says,
  next,
});

describe.skipIf(isMainnetDataMissing())("verify --set", () => {
  test("proves digests, structure and ledger hashes of a set by itself, says so, and leaves nothing", async ({
    store,
    server,
  }) => {
    const files = await readdir(store);
    const { set, ...document } = await runJson<ReportDocument & { set: { proves: string } }>(
      verifySet(store, server.url),
    );
    const report = reportSchema.parse(document);
    expect(report).toMatchObject({
      ok: true,
      answer: "yes, except",
      anchor: { vouchedBy: "manifest" },
    });
    expect(set.proves).toContain("without --blocks no state hash was recomputed");
    const claims = report.notProven.map(({ claim }) => claim).join("\n");
    expect(claims).toContain("that this is the chain that the network agreed on");
    expect(claims).toContain("that the state hashes and ledger hashes at heights 1 to 60");
    expect(report.checks.map(({ id }) => id)).toContain("ledger-hash-at-every-block");
    expect(await databasesOn(server.url)).toEqual([]);
    expect(await readdir(store)).toEqual(files);
  });

  test("with the blocks and a trusted hash it is the whole verification, on a server of its own", {
    tags: ["only-in-all"],
  }, async ({ published: { url, manifest }, archive }) => {
    const args = ["verify", "--set", url, "--genesis-ledger", LEDGER, "--blocks", archive.blocks];
    const trusting = ["--trusted-state-hash", manifest.stateHash];
    const { exit, stdout, stderr } = await run([...args, ...trusting]);
    expect(exit, stderr).toBe(0);
    expect(stdout).toContain("trusted by the operator");
    expect(stdout).toContain("each with the SHA-256 that the manifest states");
    expect(stdout).not.toContain("no state hash was recomputed");
    await expectRefusal([...args, "--trusted-state-hash", MAINNET.tip], {
      exit: 20,
      says: [MAINNET.tip, "is not on the migrated chain"],
      next: /./,
    });
  });

  test("refuses a set that is not what its manifest says, and drops its database", {
    tags: ["only-in-all"],
    timeout: 600_000,
  }, async ({ published, server, newFolder }) => {
    const { folder, name, manifest, url } = published;
    const fileOf = (role: string) => manifest.files.find((it) => it.role === role)!;
    const refuses = async (what: Refusal) => {
      await expectRefusal(verifySet(url, server.url), what);
      expect(await databasesOn(server.url)).toEqual([]);
    };
    const again = async () => {
      await rm(folder, { recursive: true });
      await cp(pristine, folder, { recursive: true });
    };
    const pristine = await newFolder();
    await cp(folder, pristine, { recursive: true });
    const restate = (changes: object) =>
      writeFile(url, JSON.stringify({ ...manifest, ...changes }, null, 2));
    const renamed = (role: string, other: string) => ({
      files: manifest.files.map((it) => (it.role === role ? { ...it, name: other } : it)),
    });

    // Files outside of the store, missing, of another size, of another content.
    await restate(renamed("report", "../report.json"));
    await refuses(refused([name, "is not a manifest", "files"]));
    await restate(renamed("report", ".."));
    await refuses({ exit: 65, says: [".."], next: /./ });
    await again();
    await rm(path.join(folder, fileOf("report").name));
    await refuses(refused([fileOf("report").name, "is missing"]));
    await again();
    await writeFile(path.join(folder, fileOf("report").name), "{}");
    await refuses(refused([fileOf("report").name, "2 bytes", "expected"]));
    await again();
    const dump = path.join(folder, fileOf("dump").name);
    const bytes = await readFile(dump);
    bytes[4]! ^= 1;
    await writeFile(dump, bytes);
    await refuses(refused([fileOf("dump").name, "SHA-256"], /torn or was altered/));

    // A dump that fits its digest and is another one, and one that grows when it is unpacked.
    await again();
    await rewrite(published, "dump", () => gzipSync(Buffer.alloc(1 << 26)));
    await refuses({ exit: 65, says: [/./], next: /./ });
    await again();
    await rewrite(published, "dump", (packed) => {
      const text = gunzipSync(packed).toString("latin1");
      // The block is another, and so is the tip of the dump.
      return gzipSync(Buffer.from(text.replaceAll(manifest.stateHash, MAINNET.tip), "latin1"));
    });
    await refuses(refused([`it ends with block ${MAINNET.tip}`]));
    await again();
    await rewrite(published, "dump", (packed) => {
      const text = gunzipSync(packed).toString("latin1");
      const genesis = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";
      return gzipSync(Buffer.from(text.replaceAll(genesis, MAINNET.tip), "latin1"));
    });
    await refuses(refused([`it begins with ${MAINNET.tip}`, "mainnet with 3NKeMon"]));

    // A checkpoint of other accounts, and hashes and counts that are not those of the dump.
    await again();
    const checkpoint = path.join(folder, fileOf("checkpoint").name);
    const altered = Buffer.from(
      (await readFile(checkpoint, "utf8")).replace(/"balance":\s*"(?=[1-9])/, (it) => `${it}1`),
    );
    const sha256 = createHash("sha256").update(altered).digest("hex");
    await rewrite(published, "checkpoint", () => altered);
    await refuses(refused([fileOf("checkpoint").name, "its meta file says"]));
    // One whose meta file fits: the accounts are hashed.
    const restated = manifestSchema.parse(parseJson(await readFile(url, "utf8")));
    await rewrite({ ...published, manifest: restated }, "checkpoint-meta", (meta) =>
      Buffer.from(meta.toString("latin1").replace(fileOf("checkpoint").sha256, sha256), "latin1"),
    );
    await refuses(refused(["does not fit", "the ledger hash of its accounts is"]));
    await again();
    await restate({ preForkLedgerHash: manifest.berkeleyLedgerHash });
    await refuses(refused(["does not fit", "ledger hash", manifest.preForkLedgerHash]));
    await restate({ rowCounts: { ...manifest.rowCounts, blocks: 61 } });
    await refuses(refused(["the row count of blocks is 60, it says 61"]));
    const zeros = "0".repeat(64);
    await restate({ digests: { ...manifest.digests, user_commands: zeros } });
    await refuses(refused([`the digest of user_commands is`, `it says ${zeros}`]));
    await restate({ network: "devnet" });
    await refuses(refused([/network/]));
    await restate({ height: 59 });
    await refuses(refused(["is that of mainnet-set-59-"]));
  });

  test("names what is missing on the command line", async ({ newFolder, server }) => {
    await expectRefusal(["verify", "--genesis-ledger", LEDGER], {
      exit: 64,
      says: ["nothing is named that is to be verified"],
      next: "--set",
    });
    await expectRefusal([...verifySet("x", server.url), "--target-db", server.url], {
      exit: 64,
      says: ["--set x and --target-db"],
      next: "one of them",
    });
    const folder = await newFolder();
    await expectRefusal(
      verifySet(folder, server.url),
      refused([folder, "holds no set"], "check the URL"),
    );
    await expectRefusal(verifySet("http://127.0.0.1:1/sets", server.url), {
      exit: 64,
      says: ["cannot be listed"],
      next: "--network",
    });
  });
});
