// What no hash of the chain covers: a signature, the order of commands that commute, how a coinbase was split. A target
// that was made of a forged file is as good as any by its hashes; signatures and other sources find it out.
// @module-tag only-in-all

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type BlockRef, parseBlockFileName } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import {
  type BlockContent,
  type CommandGrounds,
  openBlockSources,
  verifyBlocks,
} from "@forklift/precomputed";
import { withForeignSignature, withSplitCoinbase, withSwappedCommands } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { VerificationReport } from "../src/report.ts";
import { verifySnapshot } from "../src/verify-archive.ts";
import { rewriteCommands } from "./rewritten-commands.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";
import { failedIn } from "./under-tampering.ts";

const options = { now: () => performance.now(), signal: new AbortController().signal };

const OPEN = [
  "accounts_accessed.block_id",
  "blocks_internal_commands.internal_command_id",
  "blocks_internal_commands.secondary_sequence_no",
  "blocks_internal_commands.sequence_no",
  "blocks_user_commands.failure_reason",
  "blocks_user_commands.sequence_no",
  "blocks_user_commands.status",
  "blocks_user_commands.user_command_id",
  "internal_commands.command_type",
  "internal_commands.fee",
  "internal_commands.hash",
  "internal_commands.receiver_id",
  "user_commands.hash",
];

let archive: SampleArchive;
let work: string;
beforeAll(async () => {
  archive = await openSampleArchive();
  work = await mkdtemp(path.join(tmpdir(), "forklift-grounds-"));
  for (const name of ["one", "two"]) {
    await cp(archive.blocksFolder, path.join(work, name), { recursive: true });
  }
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
  await rm(work, { recursive: true });
});

interface Asked {
  readonly folders: readonly string[];
  readonly grounds?: Partial<CommandGrounds>;
  readonly hasSource?: boolean;
}

const NO_CHANGE = async () => undefined;

/** What is changed before is undone. */
async function verify(
  { folders, grounds, hasSource = false }: Asked,
  change: () => Promise<void> = NO_CHANGE,
): Promise<VerificationReport> {
  const { context } = archive;
  const { target } = context;
  await using blocks = await openBlockSources({
    urls: folders.map((name) => path.join(work, name)),
    network: context.network.name,
    scratchDirectory: work,
  });
  await target.query("begin");
  try {
    await change();
    return await verifySnapshot(
      {
        ...context,
        ...{ blocks, source: hasSource ? context.source : null },
        grounds: { signatures: { which: "none" }, agree: 1, ...grounds },
      },
      options,
    );
  } finally {
    await target.query("rollback");
  }
}

const NEW = { signatures: { which: "new" } } as const;

const restingOn = ({ coverage: { restsOn } }: VerificationReport, word: string) =>
  Object.keys(restsOn)
    .filter((column) => restsOn[column] === word)
    .sort();

const claimsOf = ({ notProven }: VerificationReport) => notProven.map(({ claim }) => claim);

describe("a target that is right", () => {
  test("rests on what was asked besides one file", async () => {
    const alone = await verify({ folders: ["one"] });
    expect(alone).toMatchObject({ ok: true, answer: "yes, except" });
    expect(restingOn(alone, "one file")).toEqual(OPEN);
    expect(restingOn(alone, "chain")).toHaveLength(alone.coverage.columns - OPEN.length);
    expect(claimsOf(alone)).toEqual(["13 columns resting on one file"]);
    expect(alone).not.toHaveProperty("signatures");

    const signed = await verify({ folders: ["one"], grounds: NEW });
    const { compared } = signed.checks.find(({ id }) => id === "user-commands-precomputed")!;
    expect(signed.signatures).toMatchObject({ checked: compared, of: compared });
    expect(restingOn(signed, "signature")).toEqual(["user_commands.hash"]);
    expect(claimsOf(signed)).toEqual(["12 columns resting on one file"]);

    const agreed = await verify({ folders: ["one", "two"], grounds: { agree: 2 } });
    expect(agreed).toMatchObject({ answer: "yes", notProven: [] });
    expect(restingOn(agreed, "2 sources agree")).toEqual(OPEN);
  });

  test("counts the source archive, and no file that was not asked", async () => {
    const folders = ["one", "two"];
    const beside = await verify({ folders, hasSource: true });
    expect(beside).toMatchObject({ answer: "yes" });
    expect(restingOn(beside, "2 sources agree")).toEqual(OPEN);
    const three = await verify({ folders, hasSource: true, grounds: { ...NEW, agree: 3 } });
    expect(restingOn(three, "3 sources agree")).toEqual(OPEN.slice(0, -1));
    expect(restingOn(three, "signature")).toEqual(OPEN.slice(-1));
  });

  test("settles no column by the signatures of a share of the blocks", async () => {
    const share = { which: "share", percent: 40 } as const;
    const report = await verify({ folders: ["one"], grounds: { signatures: share } });
    const { checked, of } = report.signatures!;
    expect(checked).toBeGreaterThan(0);
    expect(checked).toBeLessThan(of);
    expect(restingOn(report, "one file")).toEqual(OPEN);
    expect(report.coverage.by["user_commands.hash"]).toEqual(["recomputed transaction hash"]);
    const { name } = report.checks.find(({ id }) => id === "signatures")!;
    expect(name).toContain("in 40% of the blocks");
  });
});

const FORGERIES = [
  ["a signature of another command", withForeignSignature, NEW],
  ["commands that commute in another order", withSwappedCommands, { agree: 2 }],
  ["a coinbase that is split otherwise", withSplitCoinbase, { agree: 2 }],
] as const;

describe.each(FORGERIES)("a target made of a file with %s", (_what, forge, grounds) => {
  let block: BlockRef;
  let content: BlockContent;
  const change = () => rewriteCommands(archive.context.target, block, content);

  beforeAll(async () => {
    const forged = path.join(work, "forged");
    await rm(forged, { recursive: true, force: true });
    await cp(archive.blocksFolder, forged, { recursive: true });
    const { name, text } = await firstForged(forged, forge);
    await writeFile(path.join(forged, name), text);
    const { height, stateHash } = parseBlockFileName(name)!;
    block = { height, stateHash };
    const [verdict] = verifyBlocks([{ bytes: Buffer.from(text), id: block }]);
    if (verdict instanceof Error) throw verdict;
    content = verdict!;
  });

  test("is as good as any by its hashes, and rests on that file", async () => {
    const report = await verify({ folders: ["forged"] }, change);
    expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
    expect(report.answer).toBe("yes, except");
    expect(restingOn(report, "one file")).toEqual(OPEN);
    expect(claimsOf(report)).toEqual(["13 columns resting on one file"]);
  });

  test("is found by what asks for it, and by any source that was right", async () => {
    const settled = await verify({ folders: ["forged", "one"], grounds }, change);
    expect(settled.ok).toBe(false);
    const beside = await verify(
      { folders: ["forged", "one", "two"], grounds: { agree: 2 } },
      change,
    );
    expect(beside.answer).toBe("no");
    expect(failedIn(beside)).toEqual([expect.stringMatching(/-commands-precomputed$/)]);
    const withSource = await verify({ folders: ["forged"], hasSource: true }, change);
    expect(withSource.answer).toBe("no");
  });

  test("harms no target that is right, as long as another source is", async () => {
    const asked = { ...NEW, agree: 2 };
    const report = await verify({ folders: ["forged", "one", "two"], grounds: asked });
    expect(report).toMatchObject({ answer: "yes", notProven: [] });
  });
});

test("a wrong signature is named with its command, where no source has a right one", async () => {
  const { name, text } = await firstForged(archive.blocksFolder, withForeignSignature);
  const forged = path.join(work, "signed");
  await cp(archive.blocksFolder, forged, { recursive: true });
  await writeFile(path.join(forged, name), text);
  const { height, stateHash } = parseBlockFileName(name)!;
  const [content] = verifyBlocks([{ bytes: Buffer.from(text), id: { height, stateHash } }]);
  const change = () =>
    rewriteCommands(archive.context.target, { height, stateHash }, content as BlockContent);
  const report = await verify({ folders: ["signed"], grounds: NEW }, change);
  expect(failedIn(report)).toEqual(["signatures"]);
  const { differences } = report.checks.find(({ id }) => id === "signatures")!;
  const { command, sequenceNo } = (content as BlockContent).userCommands[0]!;
  expect(differences).toEqual([
    {
      table: "user_commands",
      key: `height ${height}, sequence_no ${sequenceNo}`,
      column: "hash",
      expected: `the hash of a command that ${command.feePayer} signed`,
      found: `${command.hash}, whose signature is another's`,
    },
  ]);
  expect(report.coverage.unproven).toContain("user_commands.hash");
});

test("two sources that differ settle nothing, and each is told what it holds", async () => {
  const forged = path.join(work, "differing");
  await cp(archive.blocksFolder, forged, { recursive: true });
  const { name, text } = await firstForged(forged, withSwappedCommands);
  await writeFile(path.join(forged, name), text);
  const report = await verify({ folders: ["differing", "one"], grounds: { agree: 2 } });
  expect(report.answer).toBe("no answer");
  const reasons = report.checks.flatMap(({ unanswered }) => unanswered ?? []);
  expect(reasons.length).toBeGreaterThan(0);
  for (const reason of reasons) {
    expect(reason).toBeInstanceOf(SourceDataError);
    expect(reason.message).toMatch(
      /1 of 2 sources agree .*differing.*: alone .*one: other commands: user command/,
    );
  }
});

/** Of the chain, whose blocks the target holds. */
async function firstForged(
  folder: string,
  forge: (text: string) => string | null,
): Promise<{ readonly name: string; readonly text: string }> {
  const held = await archive.context.target.query<{ state_hash: string }>(
    "select state_hash from blocks",
  );
  const hashes = new Set(held.map((row) => row.state_hash));
  for (const name of (await readdir(folder)).sort()) {
    if (!hashes.has(parseBlockFileName(name)!.stateHash)) continue;
    const text = forge(await readFile(path.join(folder, name), "utf8"));
    if (text !== null) return { name, text };
  }
  throw new Error(`no block of ${folder} has anything to be forged`);
}
