import { once } from "node:events";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Worker } from "node:worker_threads";
import { FormatError, parseBlockFileName } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { openBlockVerifier } from "../src/verify/block-verifier.ts";
import { TruncatedBlockError } from "../src/verify/truncated-block-error.ts";
import { verifyBlock } from "../src/verify/verify-block.ts";
import { genesisFile, isMissing } from "./mainnet.ts";

describe.skipIf(isMissing)("verification on other threads", () => {
  const path = isMissing ? "" : genesisFile();
  const bytes = isMissing ? Buffer.alloc(0) : readFileSync(path);
  const id = isMissing ? null! : parseBlockFileName(basename(path))!;
  const threads = () => openBlockVerifier({ workers: 2, blocksInProcess: 0 });

  test("gives what verification here gives, and leaves the bytes alone", async () => {
    await using verifier = threads();
    const here = verifyBlock(bytes, id);
    const there = await Promise.all(
      Array.from({ length: 20 }, () => verifier.verifyBlock(bytes, id)),
    );
    for (const content of there) expect(content).toEqual(here);
    expect(bytes.equals(readFileSync(path))).toBe(true);
  });

  test("refuses with the same class of error and the same words", async () => {
    await using verifier = threads();
    const cases: Parameters<typeof verifyBlock>[] = [
      [bytes.subarray(0, 5000), id, undefined],
      [Buffer.from("<html>"), id, undefined],
      [bytes, { ...id, height: 2n }, undefined],
      [bytes, id, id.stateHash],
    ];
    // Together, with sound ones between them: each gets its own verdict.
    const sound: Promise<unknown>[] = [];
    const verdicts = await Promise.all(
      cases.map((args) => {
        sound.push(verifier.verifyBlock(bytes, id));
        return verifier.verifyBlock(...args).catch((error: unknown) => error);
      }),
    );
    for (const [at, args] of cases.entries()) {
      const there = verdicts[at];
      expect(there).toBeInstanceOf(FormatError);
      expect(there instanceof TruncatedBlockError).toBe(args[0].length === 5000);
      expect(() => verifyBlock(...args)).toThrow((there as Error).message);
    }
    expect(await Promise.all(sound)).toHaveLength(cases.length);
  });

  test("an answer that comes after its thread has failed is nobody's", async () => {
    await using verifier = openBlockVerifier({ workers: 1, blocksInProcess: 0 });
    const begun = once(process, "worker");
    const refused = verifier.verifyBlock(bytes, id);
    const [worker] = (await begun) as [Worker];
    worker.emit("error", new Error("out of memory"));
    await expect(refused).rejects.toThrow("out of memory");
    worker.emit("message", { answers: [[{ refused: "late", isCut: false }]], permutations: 0 });
  });

  test("starts no thread once it is closed, for a block that comes late", async () => {
    const verifier = threads();
    await verifier[Symbol.asyncDispose]();
    await expect(verifier.verifyBlock(bytes, id)).rejects.toThrow(
      "the verifier of blocks is closed",
    );
  });

  test("a few blocks start no thread, and what waits when all is closed is told", async () => {
    await using few = openBlockVerifier({ workers: 2, blocksInProcess: 3 });
    const before = process.getActiveResourcesInfo().filter((name) => name === "MessagePort");
    for (let count = 0; count < 3; count++) await few.verifyBlock(bytes, id);
    expect(process.getActiveResourcesInfo().filter((name) => name === "MessagePort")).toEqual(
      before,
    );
    const verifier = threads();
    const waiting = verifier.verifyBlock(bytes, id);
    const told = expect(waiting).rejects.toThrow(/has ended/);
    await verifier[Symbol.asyncDispose]();
    await told;
  });
});
