// Blocks whose commands somebody else has signed: no state hash knows, and the signatures tell.

import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blockFileName, parseBlockFileName } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { mainnetBlocks } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { blockSources } from "../src/block-sources.ts";
import { folderSource } from "../src/folder/folder-source.ts";
import type { BlockId, WantedBlock } from "../src/verify/block-source.ts";
import { openBlockVerifier } from "../src/verify/block-verifier.ts";
import { requireRightSignatures } from "../src/verify/right-signatures.ts";
import { verifyBlock, verifyBlocks } from "../src/verify/verify-block.ts";
import { isMissing } from "./mainnet.ts";

/** The first blocks with so many commands. */
const COMMANDS_MIN = 4;
const BLOCKS = 12;

const SIGNATURE = /"signature":"(7m\w+)"/g;

interface BlockFile {
  readonly id: BlockId;
  readonly text: string;
  readonly signatures: readonly string[];
}

describe.skipIf(isMissing)("signatures of the commands in block files", () => {
  let files: readonly BlockFile[];
  let work: string;

  beforeAll(async () => {
    files = firstFiles(await mainnetBlocks());
    work = await mkdtemp(join(tmpdir(), "forklift-signatures-"));
  });
  afterAll(() => rm(work, { recursive: true, force: true }));

  const checked = ({ id }: BlockFile) => ({ ...id, checksSignatures: "mainnet" }) as const;

  /** The file with two of its signatures exchanged, which is a file of the same state hash. */
  function exchanged({ text, signatures }: BlockFile, one: number, other: number): string {
    let at = 0;
    return text.replace(SIGNATURE, () => {
      const from = at === one ? other : at === other ? one : at;
      at += 1;
      return `"signature":"${signatures[from]!}"`;
    });
  }

  test("are checked where somebody asks, and counted", () => {
    for (const file of files) {
      const bytes = Buffer.from(file.text, "latin1");
      expect(verifyBlock(bytes, file.id).signatures).toBeNull();
      expect(verifyBlock(bytes, checked(file)).signatures).toEqual({
        checked: file.signatures.length,
        wrong: [],
      });
    }
  });

  test("that are wrong are found at their places, whatever is verified together", async () => {
    const forged = files.map((file, at) => {
      const [one, other] = [at % 4, (at + 1) % 4];
      const isForged = at % 3 === 1;
      const text = isForged ? exchanged(file, one, other) : file.text;
      const wrong = isForged ? [one, other].sort((a, b) => a - b) : [];
      return { bytes: Buffer.from(text, "latin1"), id: checked(file), wrong };
    });
    const expected = forged.map(({ wrong }) => wrong);
    expect(forged.map(({ bytes, id }) => verifyBlock(bytes, id).signatures!.wrong)).toEqual(
      expected,
    );
    const together = verifyBlocks(forged);
    expect(together.map((content) => "signatures" in content && content.signatures?.wrong)).toEqual(
      expected,
    );
    await using verifier = openBlockVerifier({ workers: 2, blocksInProcess: 0 });
    const onThreads = await Promise.all(
      forged.map(({ bytes, id }) => verifier.verifyBlock(bytes, id)),
    );
    expect(onThreads).toEqual(together);
  });

  test("beside blocks that are not asked about, and with the rules of another network", () => {
    const [first, second] = files.map(({ text, id }) => ({
      bytes: Buffer.from(text, "latin1"),
      id,
    }));
    const [asked, unasked, other] = verifyBlocks([
      { ...first!, id: { ...first!.id, checksSignatures: "mainnet" } },
      second!,
      { ...second!, id: { ...second!.id, checksSignatures: "testnet" } },
    ]);
    const count = files[1]!.signatures.length;
    expect(asked).toMatchObject({ signatures: { wrong: [] } });
    expect(unasked).toMatchObject({ signatures: null });
    expect(other).toMatchObject({
      signatures: { checked: count, wrong: Array.from({ length: count }, (_, place) => place) },
    });
  });

  test("that are wrong have the next source asked, and name the command where there is none", async () => {
    const [file] = files;
    const folders = ["forged", "right"].map((name) => join(work, name));
    for (const [at, folder] of folders.entries()) {
      await mkdir(folder);
      const text = at === 0 ? exchanged(file!, 1, 3) : file!.text;
      await writeFile(
        join(folder, blockFileName({ network: "mainnet", ...file!.id })),
        text,
        "latin1",
      );
    }
    const accept: WantedBlock["accept"] = (content) => requireRightSignatures(file!.id, content);
    const wanted = { ...checked(file!), accept };
    const open = (...urls: string[]) =>
      blockSources(
        urls.map((url) => folderSource(url, "mainnet")),
        "mainnet",
      );

    await using both = open(...folders);
    expect((await both.fetch(wanted)).source).toBe(`file://${folders[1]!}`);
    expect(both.statistics()).toMatchObject([{ wrong: 1 }, { found: 1 }]);
    await using alone = open(folders[0]!);
    const error = await alone.fetch(wanted).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SourceDataError);
    const { command, sequenceNo } = (await alone.fetch(file!.id)).userCommands[1]!;
    expect((error as Error).message).toContain(
      `block ${file!.id.stateHash} at height ${file!.id.height}: the signature of user command ` +
        `${command.hash}, sequence number ${sequenceNo}, is not that of its fee payer ` +
        `${command.feePayer}, nor are those of 1 more`,
    );
    expect((error as SourceDataError).hint).toContain("name another source of blocks");
  });
});

function firstFiles(folder: string): BlockFile[] {
  const ids = readdirSync(folder).map((name) => ({ name, ...parseBlockFileName(name)! }));
  ids.sort((a, b) => Number(a.height - b.height) || (a.stateHash < b.stateHash ? -1 : 1));
  const found: BlockFile[] = [];
  for (const { name, height, stateHash } of ids) {
    const text = readFileSync(join(folder, name), "latin1");
    const signatures = [...text.matchAll(SIGNATURE)].map(([, signature]) => signature!);
    if (signatures.length >= COMMANDS_MIN)
      found.push({ id: { height, stateHash }, text, signatures });
    if (found.length === BLOCKS) break;
  }
  return found;
}
