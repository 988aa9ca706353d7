// The commands of the README and of the pages, run one after the other as a newcomer would: in a
// folder of their own, with a PATH on which there is no PostgreSQL, and with the PostgreSQL that
// forklift brings along.
// @module-tag only-in-all

import { execFile } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import {
  type GcsEmulator,
  isMainnetDataMissing,
  MAINNET,
  mainnetBlocks,
  mainnetDump,
  mainnetUrl,
  openTestDatabase,
  sharedPath,
  startGcsEmulator,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const run = promisify(execFile);

/** The fenced blocks of a language, in the order of the page. */
async function blocksOf(page: string, language: string): Promise<string[]> {
  const text = await readFile(path.join(ROOT, page), "utf8");
  const fenced = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms");
  return [...text.matchAll(fenced)].map(([, block]) => block!);
}

/** One entry a command: lines that end in a backslash belong to the next. */
function commandsOf(block: string): string[] {
  return block
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.startsWith("npx forklift"));
}

/** In the order in which a newcomer comes to them: each stands on what the one before has left. */
const FIRST_PAGES = ["README.md", "docs/jobs.md", "docs/step-by-step.md"];
const ofFirstPages = await Promise.all(FIRST_PAGES.map((page) => blocksOf(page, "sh")));
const commands = ofFirstPages.flat().flatMap(commandsOf);
const [configuration] = await blocksOf("docs/jobs.md", "yaml");

const PAGES = [
  "docs/verification.md",
  "docs/sets.md",
  "docs/checkpoints.md",
  "docs/from-blocks.md",
];
const [configurationOfFiles] = await blocksOf("docs/from-blocks.md", "yaml");
const ofPages = await Promise.all(PAGES.map((page) => blocksOf(page, "sh")));
const commandsOfPages = ofPages.flat().flatMap(commandsOf);

describe.skipIf(isMainnetDataMissing())("the commands", () => {
  let home: string;
  let source: TestDatabase;
  let target: TestDatabase;
  let restored: TestDatabase;
  let restoredAgain: TestDatabase;
  let ofFiles: TestDatabase;
  let emulator: GcsEmulator;
  let website: Server;
  /** The same blocks, of somebody else. */
  let otherBlocks: string;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-readme-"));
    source = await openTestDatabase();
    target = await openTestDatabase();
    restored = await openTestDatabase();
    restoredAgain = await openTestDatabase();
    otherBlocks = await mainnetBlocks();
    ofFiles = await openTestDatabase();
    emulator = await startGcsEmulator({ dir: path.join(home, "buckets") });
    await emulator.createBucket("bucket");
    website = await serve(path.join(home, "store"));
    await symlink(path.join(ROOT, "node_modules"), path.join(home, "node_modules"));
    await writeFile(path.join(home, "forklift.yaml"), configuration!);
    await writeFile(path.join(home, "from-blocks.yaml"), configurationOfFiles!);
    await mkdir(path.join(home, "dumps"));
    const [dump] = [mainnetDump(MAINNET.dumps[0])];
    await cp(sharedPath(`data/mainnet/dumps/${dump}`), path.join(home, "dumps", dump));
    await cp(
      sharedPath(`data/mainnet/${MAINNET.genesisLedger}`),
      path.join(home, "genesis-ledger.json"),
    );
    await cp(
      sharedPath(`data/mainnet/${MAINNET.blocks}`),
      path.join(home, "precomputed-blocks.tar.gz"),
    );
    // Only Node and a shell: whatever else this machine has is out of reach.
    await mkdir(path.join(home, "bin"));
    await symlink(process.execPath, path.join(home, "bin/node"));
    await symlink("/bin/sh", path.join(home, "bin/sh"));
    for (const tool of ["npx", "npm"]) {
      await symlink(path.join(path.dirname(process.execPath), tool), path.join(home, "bin", tool));
    }
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
    await target[Symbol.asyncDispose]();
    await restored[Symbol.asyncDispose]();
    await restoredAgain[Symbol.asyncDispose]();
    await ofFiles[Symbol.asyncDispose]();
    await emulator[Symbol.asyncDispose]();
    website.close();
    await rm(home, { recursive: true });
  });

  async function shell(command: string, more: Readonly<Record<string, string>>) {
    const { stdout } = await run("/bin/sh", ["-c", command], {
      cwd: home,
      env: {
        HOME: home,
        PATH: path.join(home, "bin"),
        FORKLIFT_POSTGRES_EMBEDDED: "true",
        SOURCE_DB: source.url,
        BLOCKS: mainnetUrl(MAINNET.blocks),
        OTHER_BLOCKS: otherBlocks,
        GENESIS_LEDGER: mainnetUrl(MAINNET.genesisLedger),
        SET_DUMP: `./store/mainnet-migrated-archive-dump-${MAINNET.dumps[0]}.sql.tar.gz`,
        TRUSTED: CANONICAL_TIP,
        SET: "./store/",
        KEY: GENESIS_KEY,
        ...more,
      },
    });
    return stdout;
  }

  test("there are some", () => {
    expect(commands.length).toBeGreaterThan(8);
    expect(commandsOfPages.length).toBeGreaterThan(8);
  });

  describe("of the first pages", () => {
    test.each(commands)("%s", async (command) => {
      const stdout = await shell(command, {
        TARGET_DB: target.url,
        DUMP: mainnetUrl(`dumps/${mainnetDump(MAINNET.dumps[0])}`),
        LAST_PRE_FORK_BLOCK: PENDING_TIP,
        // It is the tip of that night; on the day of the fork there are blocks above it.
        FORKLIFT_FINAL_MIN_CONFIRMATIONS: "0",
        SET_DB: restored.url,
      });
      expect(stdout).not.toBe("");
    });
  });

  /** On what those of the first pages have left, with a bucket, a web server and heights of ours. */
  describe("of the pages", () => {
    beforeAll(async () => {
      const copy = "npx forklift store copy --all --store ./store/ --to gs://bucket/sets/";
      await shell(copy, { STORAGE_EMULATOR_HOST: emulator.url });
      await shell('npx forklift restore --dump "$SET_DUMP" --db "$SET_DB"', {
        SET_DB: restored.url,
      });
    });

    test.each(commandsOfPages)("%s", async (command) => {
      const { port } = website.address() as AddressInfo;
      const here = command
        .replace("https://example.org/sets/", `http://127.0.0.1:${port}/`)
        .replace("359604", String(CANONICAL_HEIGHT))
        .replace("350000", "60");
      const stdout = await shell(here, {
        TARGET_DB: restored.url,
        SET_DB: restoredAgain.url,
        FILES_DB: ofFiles.url,
        LIVE_DB: restored.url,
        LAST_BLOCK: CANONICAL_TIP,
        STORAGE_EMULATOR_HOST: emulator.url,
      });
      expect(stdout).not.toBe("");
    });
  });
});

/** What any web server does with a folder. */
async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const file = createReadStream(path.join(folder, path.basename(request.url!)));
    file.on("error", () => response.writeHead(404).end());
    file.on("open", () => file.pipe(response));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return server;
}

/** The only block at height 1028, where the dump of the first night ends; still pending then. */
const PENDING_TIP = "3NK565aesyTMnN1cBtaZsrsr4AKpTXiMdCgffUcPCTKCogP5Yew2";

/** Of an account that the genesis ledger has. */
const GENESIS_KEY = "B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg";

/** The highest canonical block of that night, at height 738, where the set of prime ends. */
const CANONICAL_TIP = "3NLwnTNdGzBF7kWYfv8tpsyk6ctYMsdozpvKkpcwCr7mizEhsoHg";
const CANONICAL_HEIGHT = 738;
