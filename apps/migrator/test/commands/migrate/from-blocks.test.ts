// A migration without an archive: from block files and the hash of the last block alone. Its rows are those by way of
// an archive, and whatever is wrong with the files is named with its next step.

import { createReadStream } from "node:fs";
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  contentsOf,
  digestsOf,
  inProcess,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  sampleNetwork,
  type TestDatabase,
  withForeignSignature,
  withSwappedCommands,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { run, runJson, expectRefusal, expectUntouched } = inProcess(migrator);

const SIZES = { blocks: 140, days: 1, seed: 5, finality: 6, accounts: 30, commandsPerBlock: 3 };

const ALL = { tags: ["only-in-all"] };

/** A state hash of no block. */
const NOWHERE = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

let network: string;
let blocks: string;
let home: string;
let source: TestDatabase;
/** By way of the archive. */
let expected: Readonly<Record<string, string>>;
/** By height, of the canonical chain. */
let chain: readonly string[];
let tip: string;

beforeAll(async () => {
  network = (await sampleNetwork(SIZES)).folder;
  blocks = path.join(network, "blocks");
  home = await mkdtemp(path.join(tmpdir(), "forklift-from-blocks-"));
  source = await openSampleSource(SIZES);
  chain = await canonicalHashes();
  tip = chain.at(-1)!;
  await using target = await openTestDatabase();
  await runJson([...common(target), "--source-db", source.url, "--blocks", blocks]);
  expected = await digestsOf(target);
});

afterAll(async () => {
  await source?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

const common = (target: Pick<TestDatabase, "url">) => [
  ...["migrate", "--target-db", target.url, "--network", path.join(network, "network.yaml")],
  ...["--genesis-ledger", path.join(network, "genesis-ledger.json")],
];

interface Asked {
  readonly blocks?: string;
  readonly hash?: string;
  readonly more?: readonly string[];
}

const fromBlocks = (target: Pick<TestDatabase, "url">, asked: Asked = {}) => [
  ...common(target),
  ...["--from-blocks", "--blocks", asked.blocks ?? blocks],
  ...["--fork-state-hash", asked.hash ?? tip, ...(asked.more ?? [])],
];

test("gives the rows that it gives by way of an archive, and a second run changes nothing", async () => {
  await using target = await openTestDatabase();
  const { stages, blockSources } = await runJson<{
    readonly stages: readonly { stage: string; rowCount: number; details?: object }[];
    readonly blockSources: readonly { found: number }[];
  }>(fromBlocks(target));
  expect(await digestsOf(target)).toEqual(expected);
  expect(stages.find(({ stage }) => stage === "pick-chain")).toMatchObject({
    rowCount: chain.length - 1,
    details: { filesNotUsed: expect.any(Number) as number },
  });
  expect(blockSources[0]!.found).toBeGreaterThanOrEqual(chain.length - 1);
  const contents = await contentsOf(target);
  expect(contents).not.toHaveProperty("forklift.picked_chain");
  await runJson(fromBlocks(target));
  expect(withoutRates(await contentsOf(target))).toEqual(withoutRates(contents));
});

test("goes on from a target that an archive has begun, and an archive from it", ALL, async () => {
  await using target = await openTestDatabase();
  const upTo = (height: number) => ["--stop-at-height", String(height)];
  await runJson([...common(target), "--source-db", source.url, "--blocks", blocks, ...upTo(60)]);
  await runJson(fromBlocks(target, { hash: chain[99]!, more: upTo(100) }));
  await runJson([...common(target), "--source-db", source.url, "--blocks", blocks]);
  expect(await digestsOf(target)).toEqual(expected);
});

test("takes the best tip where no last block is named", ALL, async () => {
  await using target = await openTestDatabase();
  const args = fromBlocks(target).filter((it) => it !== "--fork-state-hash" && it !== tip);
  await runJson(args);
  // As deep as the archive's highest canonical block: finality decides on both.
  expect(await digestsOf(target)).toEqual(expected);
});

test("takes from the second place what the first one forges", ALL, async () => {
  await using target = await openTestDatabase();
  const forged = await changedBlocks("forged", async (file, height) => {
    const text = await readFile(file, "utf8");
    if (height % 3 === 0)
      await writeFile(
        file,
        text.replace(/"timestamp": ?"\d/, (it) => `${it}7`),
      );
    else if (height % 3 === 1) await writeFile(file, "{}");
  });
  await runJson(fromBlocks(target, { blocks: `${forged},${blocks}` }));
  expect(await digestsOf(target)).toEqual(expected);
});

/** All blocks that can be forged are; at least one of the chain is. */
const forgedBlocks = (name: string, forge: (block: string) => string | null) =>
  changedBlocks(name, async (file) => {
    const forged = forge(await readFile(file, "utf8"));
    if (forged !== null) await writeFile(file, forged);
  });

test("a signature that is forged is found where signatures are checked", ALL, async () => {
  const forged = await forgedBlocks("signed", withForeignSignature);
  await using unchecked = await openTestDatabase();
  await runJson(fromBlocks(unchecked, { blocks: `${forged},${blocks}` }));
  expect(await digestsOf(unchecked)).not.toEqual(expected);
  await using checked = await openTestDatabase();
  const more = ["--signatures", "all"];
  await runJson(fromBlocks(checked, { blocks: `${forged},${blocks}`, more }));
  expect(await digestsOf(checked)).toEqual(expected);
  await using alone = await openTestDatabase();
  await expectRefusal(fromBlocks(alone, { blocks: forged, more }), {
    exit: 65,
    says: [/the signature of user command \w+, sequence number \d+, is not that of its fee payer/],
    next: /another source|another archive operator/,
  });
});

test("the order that two places agree on is taken, whatever the first one says", ALL, async () => {
  const swapped = await forgedBlocks("swapped", withSwappedCommands);
  const copy = path.join(home, "copy");
  await cp(blocks, copy, { recursive: true });
  await using unasked = await openTestDatabase();
  await runJson(fromBlocks(unasked, { blocks: `${swapped},${blocks}` }));
  expect(await digestsOf(unasked)).not.toEqual(expected);
  await using agreed = await openTestDatabase();
  const more = ["--agree", "2"];
  await runJson(fromBlocks(agreed, { blocks: `${swapped},${blocks},${copy}`, more }));
  expect(await digestsOf(agreed)).toEqual(expected);
});

test("walks block by block where a place cannot be listed", ALL, async () => {
  await using target = await openTestDatabase();
  await using web = await served(blocks);
  const height = String(chain.length);
  const asked = { blocks: web.url };
  await expectRefusal(fromBlocks(target, asked), {
    exit: 64,
    says: [`has block ${tip}, so that nothing tells its height`],
    next: "--stop-at-height",
  });
  await runJson(fromBlocks(target, { ...asked, more: ["--stop-at-height", height] }));
  expect(await digestsOf(target)).toEqual(expected);
});

test(
  "holds every block that is listed in a complete history, as an archive's has them",
  ALL,
  async () => {
    await using byArchive = await openTestDatabase();
    await using byFiles = await openTestDatabase();
    const complete = ["--history", "complete"];
    const archive = [...common(byArchive), "--source-db", source.url, "--blocks", blocks];
    await runJson([...archive, ...complete]);
    const { stages } = await runJson<{
      readonly stages: readonly { readonly stage: string; readonly details?: object }[];
    }>(fromBlocks(byFiles, { more: complete }));
    expect(await digestsOf(byFiles)).toEqual(await digestsOf(byArchive));
    const branches = stages.find(({ stage }) => stage === "copy-branches");
    expect(branches?.details).toMatchObject({ copied: expect.any(Number) as number, leftOut: 0 });
    // Either goes on with what the other has made.
    await runJson([...archive.with(2, byFiles.url), ...complete]);
    await runJson(fromBlocks(byArchive, { more: complete }));
    expect(await digestsOf(byFiles)).toEqual(await digestsOf(byArchive));
  },
);

test("finds the blocks whose names have no height, beside the chain as well", ALL, async () => {
  const folder = await changedBlocks("nameless", async (file) => {
    const { dir, base } = path.parse(file);
    await rename(file, path.join(dir, base.replace(/^sample-\d+-/, "sample-")));
  });
  await using byNames = await openTestDatabase();
  await using target = await openTestDatabase();
  const more = ["--history", "complete"];
  await runJson(fromBlocks(byNames, { more }));
  await runJson(fromBlocks(target, { blocks: folder, more }));
  expect(await digestsOf(target)).toEqual(await digestsOf(byNames));
});

test(
  "leaves out of a complete history what a file forges beside the chain, by name",
  ALL,
  async () => {
    const orphan = await branchTip("<=");
    const folder = await changedBlocks("forged-orphan", async (file) => {
      if (file.includes(orphan.stateHash)) await writeFile(file, "{}");
    });
    await using target = await openTestDatabase();
    const args = fromBlocks(target, { blocks: folder, more: ["--history", "complete"] });
    await expectRefusal([...args, "--require-orphans"], {
      exit: 65,
      says: [`block ${orphan.stateHash} at height`, "cannot be migrated"],
      next: "without --require-orphans",
    });
    const { stages } = await runJson<{
      readonly stages: readonly { stage: string; details?: object; leftOut?: readonly object[] }[];
    }>(args);
    const branches = stages.find(({ stage }) => stage === "copy-branches");
    expect(branches).toMatchObject({
      details: { leftOut: 1, leftOutForTheirFile: 1 },
      leftOut: [{ stateHash: orphan.stateHash }],
    });
  },
);

describe("a plan", () => {
  interface PlanDocument {
    readonly plan: {
      readonly source: { readonly url: string | null };
      readonly range: object;
      readonly rows: readonly { readonly table: string; readonly rows: number }[];
      readonly walk: Readonly<Record<string, unknown>> & { readonly places: readonly object[] };
    };
  }

  test("tells files, bytes and time, and writes nothing", ALL, async () => {
    await using target = await openTestDatabase();
    const { plan } = await runJson<PlanDocument>([...fromBlocks(target), "--plan"]);
    expect(await contentsOf(target)).toEqual({});
    expect(plan).toMatchObject({
      source: { url: null },
      range: { from: 1, to: chain.length, blocks: chain.length },
      walk: {
        blocks: chain.length - 1,
        heightsWithoutFile: 0,
        places: [{ isListed: true, files: (await readdir(blocks)).length }],
      },
    });
    expect(plan.rows).toContainEqual({ table: "blocks", rows: chain.length, isEstimate: false });
    const { stdout } = await run([...fromBlocks(target), "--plan"]);
    expect(stdout).toMatch(/^source +block files alone, chain to 3N\w+ at height \d+$/m);
    expect(stdout).toMatch(
      /^the walk down \d+ blocks along \d+ files of their heights takes about /m,
    );
    expect(stdout).toContain("0 heights without a file");
  });

  test("tells how long the walk takes one by one", ALL, async () => {
    await using target = await openTestDatabase();
    await using web = await served(blocks);
    const more = ["--stop-at-height", String(chain.length), "--plan"];
    const { plan } = await runJson<PlanDocument>(fromBlocks(target, { blocks: web.url, more }));
    expect(plan.walk).toMatchObject({
      heightsWithoutFile: null,
      files: null,
      measured: expect.stringMatching(/^one by one, as no place can be listed/) as string,
      places: [{ isListed: false }],
    });
  });

  test("does not read a large bundle through", ALL, async () => {
    await using target = await openTestDatabase();
    const more = ["--plan", "--stop-at-height", String(chain.length)];
    await expectRefusal(fromBlocks(target, { blocks: "http://127.0.0.1:1/all.tar.gz", more }), {
      exit: 78,
      says: ["nothing that a plan without an archive could look into"],
      next: "without --plan",
    });
  });
});

describe("is refused, and leaves the target as it was", () => {
  const refused = async (
    asked: Asked,
    refusal: { exit: 64 | 65 | 78; says: (string | RegExp)[]; next: string | RegExp },
  ) => {
    await using target = await openTestDatabase();
    await expectRefusal(fromBlocks(target, asked), refusal);
    await using session = await openTestSession(target);
    const [found] = await session.query<{ rows: string | null }>(
      "select to_regclass('public.blocks')::text as rows",
    );
    if (found!.rows !== null) {
      const [count] = await session.query<{ count: string }>("select count(*) from blocks");
      expect(count!.count).toBe("0");
    }
  };

  test("with a hole in the files, which is named", async () => {
    const folder = await changedBlocks("hole", async (file, height) => {
      if (height === 70) await rm(file);
    });
    const name = `sample-70-${chain[69]}.json`;
    await refused(
      { blocks: folder },
      { exit: 65, says: [`no source has a sound block ${chain[69]} at height 70`], next: name },
    );
  });

  test("for a tip that no place has", ALL, async () => {
    await refused(
      { hash: NOWHERE },
      { exit: 64, says: [`has block ${NOWHERE}`], next: "--stop-at-height" },
    );
  });

  test("for a tip at another height", ALL, async () => {
    await refused(
      { more: ["--stop-at-height", "17"] },
      {
        exit: 65,
        says: [`no source has a sound block ${tip} at height 17`],
        next: "get sample-17-",
      },
    );
  });

  test("for files of another network", ALL, async () => {
    const other = (await sampleNetwork({ ...SIZES, seed: 6 })).folder;
    const files = path.join(other, "blocks");
    const [name] = await readdir(files);
    const hash = /-(3N\w+)\.json/.exec(name!)![1]!;
    await refused(
      { blocks: files, hash },
      {
        exit: 65,
        says: [/is of a chain that began with 3N\w+, but sample/],
        next: "give the blocks of sample",
      },
    );
  });

  // The preflight sees the one, the walk the other.
  test.each([
    ["as high as the chain", "="],
    ["below its tip", "<"],
  ])("into a target on a branch %s, saying where they part", ALL, async (_which, relation) => {
    const orphan = await branchTip(relation);
    await using target = await openTestDatabase();
    await runJson(fromBlocks(target, { hash: orphan.stateHash }));
    await expectUntouched(target, fromBlocks(target), {
      exit: 78,
      says: [`they part after height ${orphan.forkHeight}`],
      next: "start again from an empty target",
    });
  });
});

describe("a wrong command line", () => {
  const target = { url: "postgres://forklift@127.0.0.1:1/target" };
  test.each<[string, readonly string[], string]>([
    ["an archive besides", ["--source-db", "postgres://x@127.0.0.1:1/y"], "--source-db"],
    [
      "creation fees, which only an archive records",
      ["--skip-creation-fees"],
      "--skip-creation-fees",
    ],
    ["pending blocks, which only an archive tells", ["--history", "all"], "--history all"],
    ["healing, of which there is nothing", ["--heal"], "--heal"],
  ])("%s ends with 64", async (_name, more, option) => {
    await expectRefusal(fromBlocks(target, { blocks: "b", more }), {
      exit: 64,
      says: [`${option} and --from-blocks exclude each other`],
      next: `leave ${option} or --from-blocks out`,
    });
  });

  test("a height without a hash ends with 64", async () => {
    await using empty = await openTestDatabase();
    const args = fromBlocks(empty, { more: ["--stop-at-height", "9"] });
    await expectRefusal(
      args.filter((it) => it !== "--fork-state-hash" && it !== tip),
      {
        exit: 64,
        says: ["--stop-at-height 9 names no block"],
        next: "give --fork-state-hash with it",
      },
    );
  });

  test("neither an archive nor block files alone ends with 64", async () => {
    await expectRefusal([...common(target), "--blocks", "b"], {
      exit: 64,
      says: ["neither --source-db nor --from-blocks is given"],
      next: "give --source-db URL",
    });
  });
});

async function canonicalHashes(): Promise<string[]> {
  await using session = await openTestSession(source);
  const rows = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where chain_status = 'canonical' order by height",
  );
  return rows.map(({ state_hash }) => state_hash);
}

/** An orphaned block, and the height of the canonical one that it stands on. */
async function branchTip(
  relation: string,
): Promise<{ readonly stateHash: string; readonly forkHeight: string }> {
  await using session = await openTestSession(source);
  const [row] = await session.query<{ stateHash: string; forkHeight: string }>(
    `select b.state_hash as "stateHash", parent.height as "forkHeight"
     from blocks b join blocks parent on parent.state_hash = b.parent_hash
     where b.chain_status = 'orphaned' and parent.chain_status = 'canonical'
       and b.height ${relation} (select max(height) from blocks where chain_status = 'canonical')
     order by b.height desc limit 1`,
  );
  if (row === undefined) throw new Error(`no branch ends ${relation} the chain's height`);
  return row;
}

/** A copy of the block files of which some are changed. */
async function changedBlocks(
  name: string,
  change: (file: string, height: number) => Promise<void>,
): Promise<string> {
  const folder = path.join(home, name);
  await cp(blocks, folder, { recursive: true });
  for (const file of await readdir(folder)) {
    await change(path.join(folder, file), Number(file.split("-")[1]));
  }
  return folder;
}

/** How long something took is another each time. */
function withoutRates(contents: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(contents).filter(([name]) => !name.startsWith("forklift.stage_rate")),
  );
}

/** A web server over a folder, which lists nothing. */
async function served(folder: string): Promise<{ readonly url: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const file = createReadStream(path.join(folder, path.basename(request.url!)));
    file.on("error", () => response.writeHead(404).end());
    file.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/blocks`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
