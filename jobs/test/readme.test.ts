// The commands of the README, run one after the other as a newcomer would: in a folder of their own,
// with a PATH on which there is no PostgreSQL, and with the PostgreSQL that forklift brings along.

import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import {
  isMainnetDataMissing,
  MAINNET,
  mainnetDump,
  mainnetUrl,
  openTestDatabase,
  sharedPath,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const ROOT = path.join(import.meta.dirname, "../..");
const run = promisify(execFile);

const readme = await readFile(path.join(ROOT, "README.md"), "utf8");

/** The fenced blocks of a language, in the order of the page. */
function blocksOf(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, "gms"))].map(
    ([, text]) => text!,
  );
}

/** One entry a command: lines that end in a backslash belong to the next. */
function commandsOf(block: string): string[] {
  return block
    .replaceAll("\\\n", " ")
    .split("\n")
    .filter((line) => line.startsWith("npx forklift"));
}

const commands = blocksOf("sh").flatMap(commandsOf);

describe.skipIf(isMainnetDataMissing())("the commands of the README", () => {
  let home: string;
  let source: TestDatabase;
  let target: TestDatabase;
  let restored: TestDatabase;

  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), "forklift-readme-"));
    source = await openTestDatabase();
    target = await openTestDatabase();
    restored = await openTestDatabase();
    await symlink(path.join(ROOT, "node_modules"), path.join(home, "node_modules"));
    await writeFile(path.join(home, "forklift.yaml"), blocksOf("yaml")[0]!);
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
    await rm(home, { recursive: true });
  });

  test("there are some", () => {
    expect(commands.length).toBeGreaterThan(8);
  });

  test.each(commands)("%s", async (command) => {
    const { stdout } = await run("/bin/sh", ["-c", command], {
      cwd: home,
      env: {
        HOME: home,
        PATH: path.join(home, "bin"),
        FORKLIFT_POSTGRES_EMBEDDED: "true",
        SOURCE_DB: source.url,
        TARGET_DB: target.url,
        DUMP: mainnetUrl(`dumps/${mainnetDump(MAINNET.dumps[0])}`),
        BLOCKS: mainnetUrl(MAINNET.blocks),
        GENESIS_LEDGER: mainnetUrl(MAINNET.genesisLedger),
        LAST_PRE_FORK_BLOCK: PENDING_TIP,
        SET_DUMP: `./store/mainnet-migrated-archive-dump-${MAINNET.dumps[0]}.sql.tar.gz`,
        SET_DB: restored.url,
        TRUSTED: CANONICAL_TIP,
      },
    });
    expect(stdout).not.toBe("");
  });
});

/** The only block at height 1028, where the dump of the first night ends; still pending then. */
const PENDING_TIP = "3NK565aesyTMnN1cBtaZsrsr4AKpTXiMdCgffUcPCTKCogP5Yew2";

/** The highest canonical block of that night, at height 738, where the set of prime ends. */
const CANONICAL_TIP = "3NLwnTNdGzBF7kWYfv8tpsyk6ctYMsdozpvKkpcwCr7mizEhsoHg";
