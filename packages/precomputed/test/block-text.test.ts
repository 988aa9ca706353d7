// A block's text without its proofs leads to the verdict of the whole, and so does the block.
// Seeds are fixed: what fails once fails again.

import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { FormatError, parseBlockFileName } from "@forklift/chain";
import { mainnetBlocks } from "@forklift/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { textWithoutProofs, wholeText } from "../src/verify/block-text.ts";
import { verifyBlock, verifyTexts } from "../src/verify/verify-block.ts";
import { bytesOf, genesisFile, isMissing } from "./mainnet.ts";

const shortened = (text: string) => textWithoutProofs(Buffer.from(text, "latin1"));

describe("a text without its proofs", () => {
  test("has an empty string for each, wherever it stands and however long it is", () => {
    for (let length = 0; length < 40; length++) {
      const proof = "a".repeat(length);
      const text = `{"proof":"${proof}","x":["proof"],"state_proof":"${proof}"}`;
      expect(shortened(text)).toBe('{"proof":"","x":["proof"],"state_proof":""}');
      const inMidst = Buffer.from(`${" ".repeat(length % 5)}${text}`).subarray(length % 5);
      expect(textWithoutProofs(inMidst)).toBe(shortened(text));
    }
  });

  test.each([
    ["an escape", '{"proof":"ab\\"cdefghijkl"}'],
    ["a control character", '{"proof":"abcdefgh\u0000ijkl"}'],
    ["a line break", '{"proof":"abcdefgh\nijkl"}'],
    ["what is not ASCII", '{"proof":"abcdefgh\xffijkl"}'],
    ["no end", '{"proof":"abcdefghijkl'],
    ["no end, after an escape", '{"proof":"abcdefghijkl\\"'],
  ])("leaves one with %s as it is", (_what, text) => {
    expect(shortened(text)).toBe(text);
    for (let padding = 1; padding < 4; padding++) {
      const shifted = `${" ".repeat(padding)}${text}`;
      expect(shortened(shifted)).toBe(shifted);
    }
  });

  test("is JSON where the whole is, and of the same value but for the proofs", () => {
    const pieces = fc.constantFrom(
      ...[
        '"',
        "\\",
        "\\\\",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "proof",
        '"proof"',
        '"proof":"',
        '"a":"',
      ],
      ...["abcdefghijklmnop", '"abcdefgh"', "1", "null", " ", "\n", "\u0001", "\xe9", '"proof":{'],
    );
    const texts = fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join(""));
    const documents = fc.json({ maxDepth: 4 }).map((json) => `{"x":${json},"proof":"abcdefgh"}`);
    const kept = (text: string) => {
      try {
        return JSON.stringify(JSON.parse(text), (key, value: unknown) =>
          key.endsWith("proof") && typeof value === "string" ? "" : value,
        );
      } catch {
        return null;
      }
    };
    let count = 0;
    const check = (text: string) => {
      if (kept(text) !== null) count++;
      expect(kept(shortened(text))).toBe(kept(text));
    };
    fc.assert(fc.property(texts, check), { numRuns: 20_000, seed: 1 });
    fc.assert(fc.property(documents, check), { numRuns: 500, seed: 2 });
    // Broken at one place: mostly no JSON any more.
    const broken = fc.tuple(documents, fc.nat(), pieces).map(([text, nat, piece]) => {
      const at = nat % text.length;
      return text.slice(0, at) + piece + text.slice(at + 1);
    });
    fc.assert(fc.property(broken, check), { numRuns: 3_000, seed: 3 });
    expect(count).toBeGreaterThan(600);
  });
});

describe.skipIf(isMissing)("blocks of mainnet with any change", () => {
  /** What a block is found to be, with the words of a refusal. */
  function verdictOf(verify: () => unknown): unknown {
    try {
      return verify();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      return `${error.constructor.name}: ${error.message}`;
    }
  }

  test("get the verdict that a look at all their bytes gives", async () => {
    const folder = await mainnetBlocks();
    const names = readdirSync(folder).sort();
    const chosen = [100, 900, 1700, 2500, 3900].map((at) => join(folder, names[at]!));
    const blocks = [genesisFile(), ...chosen].map((path) => ({
      bytes: Buffer.from(bytesOf(path)),
      id: parseBlockFileName(basename(path))!,
    }));
    const marks = [
      '"',
      "\\",
      "{",
      "}",
      "[",
      "]",
      ":",
      ",",
      "\n",
      "\u0000",
      "\xff",
      "0",
      'proof":"',
    ];
    const mutation = fc.record({
      block: fc.constantFrom(...blocks),
      nat: fc.nat(),
      put: fc.constantFrom("", ...marks),
      removed: fc.constantFrom(0, 1, 2, 500),
      isCut: fc.boolean(),
      isInProof: fc.boolean(),
    });
    let accepted = 0;
    fc.assert(
      fc.property(mutation, ({ block: { bytes, id }, nat, put, removed, isCut, isInProof }) => {
        const proof = bytes.indexOf('_proof":"');
        const at = isInProof ? proof + (nat % 9_000) : nat % bytes.length;
        const rest = isCut ? Buffer.alloc(0) : bytes.subarray(at + removed);
        const changed = Buffer.concat([bytes.subarray(0, at), Buffer.from(put, "latin1"), rest]);
        const here = verdictOf(() => verifyBlock(changed, id));
        const there = verdictOf(() => {
          const [verdict] = verifyTexts([{ text: wholeText(changed), id }]);
          if (verdict instanceof FormatError) throw verdict;
          return verdict;
        });
        if (typeof here !== "string") accepted++;
        expect(here).toEqual(there);
      }),
      { numRuns: 400, seed: 4 },
    );
    // In a proof, most of what is printed may stand.
    expect(accepted).toBeGreaterThan(30);
  });
});
