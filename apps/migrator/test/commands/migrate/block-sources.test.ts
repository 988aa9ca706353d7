// Which source gave what: under the table of stages, in the document, and in that of a failure.

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { type SourceStatistics, verifyBlocks } from "@forklift/precomputed";
import {
  inProcess,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  sampleNetwork,
  type TestDatabase,
  withForeignSignature,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { run } = inProcess(migrator);

const SIZES = { blocks: 25, days: 2, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 2 };

let network: string;
let source: TestDatabase;
/** A source without any block, tried first. */
let empty: string;
/** Folders with the blocks of the network, as others would have them. */
let copies: string;

const migration = (target: TestDatabase, ...blocks: string[]) => [
  ...["migrate", "--source-db", source.url, "--target-db", target.url],
  ...["--blocks", blocks.join(","), "--genesis-ledger", path.join(network, "genesis-ledger.json")],
  ...["--network", path.join(network, "network.yaml")],
];

beforeAll(async () => {
  network = (await sampleNetwork(SIZES)).folder;
  empty = await mkdtemp(path.join(tmpdir(), "forklift-block-sources-"));
  copies = await mkdtemp(path.join(tmpdir(), "forklift-block-copies-"));
  source = await openSampleSource(SIZES);
});

afterAll(async () => {
  await source?.[Symbol.asyncDispose]();
  for (const folder of [empty, copies]) await rm(folder, { recursive: true, force: true });
});

const TITLES =
  /^precomputed blocks from +found +missing +wrong +truncated +unavailable +unusable +retries +size +time$/m;

test("of a migration stands under its stages, and is the document's", async () => {
  await using target = await openTestDatabase();
  const { stdout } = await run(migration(target, empty, path.join(network, "blocks")));
  const [stages, places, ...more] = stdout.trimEnd().split("\n\n");
  expect(stages).toMatch(/^stage +rows/);
  expect(places).toMatch(TITLES);
  const blocks = await heightOf(target);
  expect(places).toMatch(new RegExp(`^file://${empty} +0 +${blocks} +0 +0 +0 +0 `, "m"));
  expect(places).toMatch(new RegExp(`^file://${network}/blocks/? +${blocks} +0 +0 `, "m"));
  expect(more).toEqual([]);
});

test("of a migration that fails is a part of its refusal", async () => {
  await using target = await openTestDatabase();
  const { exit, stdout } = await run([...migration(target, empty), "--json"]);
  expect(exit).toBe(65);
  const { ok, error, blockSources } = JSON.parse(stdout) as {
    readonly ok: boolean;
    readonly error: { readonly name: string; readonly hint: string };
    readonly blockSources: readonly SourceStatistics[];
  };
  expect({ ok, error }).toMatchObject({ ok: false, error: { name: "SourceDataError" } });
  expect(error.hint).toMatch(/^get sample-\d+-3N\w+\.json from another archive operator/);
  expect(blockSources).toMatchObject([{ url: `file://${empty}`, found: 0 }]);
  expect(blockSources[0]!.missing).toBeGreaterThan(0);
});

test("tells who agreed, where so many are to hold the same commands, and refuses more than there are", async () => {
  await using target = await openTestDatabase();
  const blocks = path.join(network, "blocks");
  const other = path.join(copies, "other");
  await cp(blocks, other, { recursive: true });
  const asked = [...migration(target, empty, blocks, other), "--agree"];
  const tooMany = await run([...asked, "5"]);
  expect(tooMany.exit).toBe(78);
  expect(tooMany.stderr).toContain(
    "5 sources are to agree on every block, and there are 3 of blocks",
  );
  const { exit, stdout } = await run([...asked, "3"]);
  expect(exit).toBe(0);
  expect(stdout).toMatch(/^precomputed blocks from +found +agreed +missing /m);
  const above = Number(await heightOf(target)) - 1;
  expect(stdout).toMatch(new RegExp(`^file://${network}/blocks/? +${above + 1} +0 +0 `, "m"));
  expect(stdout).toMatch(new RegExp(`^file://${other} +0 +${above} +0 `, "m"));
});

test("of which the files and the source agree on a wrong signature, is refused where signatures are checked", async () => {
  const forged = path.join(copies, "forged");
  await cp(path.join(network, "blocks"), forged, { recursive: true });
  await using lying = await openTestDatabase(source);
  const { hash } = await forgeCommand(forged, lying);
  await using target = await openTestDatabase();
  const migrate = [...migration(target, forged), "--source-db", lying.url];
  const { exit, stderr } = await run([...migrate, "--signatures", "new"]);
  expect(exit).toBe(65);
  expect(stderr).toMatch(
    new RegExp(`the signature of user command ${hash}, .* is not that of its fee payer B62`),
  );
  expect((await run(migrate)).exit).toBe(0);
});

/** In a block of the folder and in the source alike, a command by the signature of another; its new hash. */
async function forgeCommand(folder: string, database: TestDatabase): Promise<{ hash: string }> {
  await using session = await openTestSession(database);
  const rows = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where chain_status = 'canonical'",
  );
  const canonical = new Set(rows.map((row) => row.state_hash));
  for (const name of (await readdir(folder)).sort()) {
    const id = parseBlockFileName(name)!;
    const text = await readFile(path.join(folder, name), "utf8");
    const forged = canonical.has(id.stateHash) ? withForeignSignature(text) : null;
    if (forged === null) continue;
    const claims = [text, forged].map((content) => ({ bytes: Buffer.from(content), id }));
    const [right, wrong] = verifyBlocks(claims).map(firstHash);
    await session.query("update user_commands set hash = $2 where hash = $1", [right, wrong]);
    await writeFile(path.join(folder, name), forged);
    return { hash: wrong! };
  }
  throw new Error("no block has two commands");
}

function firstHash(verdict: ReturnType<typeof verifyBlocks>[number]): string {
  if (verdict instanceof Error) throw verdict;
  return verdict.userCommands[0]!.command.hash;
}

/** As many blocks as its height, genesis among them. */
async function heightOf(target: TestDatabase): Promise<string> {
  await using session = await openTestSession(target);
  const [row] = await session.query<{ height: string }>("select max(height) as height from blocks");
  return row!.height;
}
