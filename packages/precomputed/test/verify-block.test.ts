import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { blockFileName, FormatError, parseBlockFileName, parseStateHash } from "@forklift/chain";
import { sharedPath } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BlockId } from "../src/verify/block-source.ts";
import { verifyBlock } from "../src/verify/verify-block.ts";
import { BLOCK_COUNT, bytesOf, genesisFile, idsIn, isMissing, unpackBundle } from "./mainnet.ts";

describe.skipIf(isMissing)("the genesis block of mainnet", () => {
  const path = isMissing ? "" : genesisFile();
  const bytes = isMissing ? new Uint8Array() : bytesOf(path);
  const id = isMissing ? null! : parseBlockFileName(basename(path))!;
  const text = Buffer.from(bytes).toString("latin1");
  const verifyText = (changed: string) => verifyBlock(Buffer.from(changed, "latin1"), id);
  const parent = parseStateHash("3NLoKn22eMnyQ7rxh5pxB6vBA3XhSAhhrf7akdqS6HbAKD14Dh1d");

  test("is accepted under its own name and parent", () => {
    expect(verifyBlock(bytes, id, parent).protocolState.previousStateHash).toBe(parent);
  });

  test("is refused under another state hash, height or parent, and both values are told", () => {
    expect(() => verifyBlock(bytes, { ...id, stateHash: parent })).toThrow(
      `wrong state hash: recomputed ${id.stateHash}, expected ${parent}`,
    );
    expect(() => verifyBlock(bytes, { ...id, height: 2n })).toThrow(
      "wrong height: 1 in the protocol state, expected 2",
    );
    expect(() => verifyBlock(bytes, id, id.stateHash)).toThrow(
      `wrong parent: ${parent} in the protocol state, expected ${id.stateHash}`,
    );
  });

  test("is refused when cut anywhere, with the byte", () => {
    for (let length = 0; length < text.trimEnd().length; length += 37) {
      expect(() => verifyText(text.slice(0, length))).toThrow(`cut off at byte ${length}`);
    }
  });

  test.each([
    [
      "a block of after the fork",
      "data/berkeley/mainnet-359606-3NK7T1MeiFA4ALVxqZLuGrWr1PeufYQAm9i1TfMnN9Cu6U5crhot.json",
      "it is a block of after the hard fork, at height 359606",
    ],
    [
      "a genesis ledger",
      "data/mainnet/genesis-ledger.json",
      "it is a configuration that lists a ledger",
    ],
  ])("is told from %s", (_what, file, says) => {
    const bytes = readFileSync(sharedPath(file));
    expect(() => verifyBlock(bytes, id)).toThrow(says);
    expect(() => verifyBlock(bytes, id)).toThrow("expected a precomputed block of before");
    // As a tool would cut it out of what the daemon wrote.
    const { data = null } = JSON.parse(bytes.toString()) as { readonly data?: unknown };
    if (data === null) return;
    expect(() => verifyBlock(Buffer.from(JSON.stringify(data)), id)).toThrow(says);
  });

  test("is refused when its JSON is nested without end", () => {
    for (const open of ["[", '{"protocol_state":']) {
      const startedMs = performance.now();
      expect(() => verifyText(open.repeat(400_000))).toThrow("nested deeper than 100 levels");
      expect(performance.now() - startedMs).toBeLessThan(1_000);
    }
  });

  test("is refused when it is a web page, another JSON, or broken in the middle", () => {
    expect(() => verifyText("<!DOCTYPE html><title>Not found</title>")).toThrow(/not JSON/);
    for (const other of ["null", "[]", "1", "{}"]) {
      expect(() => verifyText(other)).toThrow(/there is no protocol_state/);
    }
    const broken = `${text.slice(0, 5000)}"${text.slice(5000)}`;
    expect(() => verifyText(broken)).toThrow(/not JSON at byte [0-9]+/);
  });

  test("is refused when a key of its protocol state comes twice with another last value", () => {
    const twice = text.replace('"protocol_state":{', '$&"previous_state_hash":"x",');
    expect(verifyText(twice).protocolState.previousStateHash).toBe(parent);
    const overridden = text.replace(/("supercharge_coinbase"):(true|false)/, (_, key, value) => {
      return `${key}:${value},${key}:${value === "false"}`;
    });
    expect(overridden).not.toBe(text);
    expect(() => verifyText(overridden)).toThrow(/wrong state hash/);
  });

  test("may have other keys and bytes that are not UTF-8 outside its protocol state", () => {
    expect(() => verifyText(text.replace("{", '{"sok_digest":"\xff\xfe\x80",'))).not.toThrow();
    expect(() => verifyText(text.replace("3NLoKn", "3NLoK\xff"))).toThrow(FormatError);
  });

  test("is refused when any digit of its protocol state differs", () => {
    const state = text.slice(0, text.indexOf('"protocol_state_proof"'));
    const digits = [...state.matchAll(/"[0-9]*([0-8])"/g)];
    expect(digits.length).toBeGreaterThan(20);
    for (const { index, 0: quoted } of digits) {
      const at = index + quoted.length - 2;
      const changed = `${text.slice(0, at)}9${text.slice(at + 1)}`;
      expect(() => verifyText(changed)).toThrow(FormatError);
    }
  });
});

describe.skipIf(isMissing)("the blocks of mainnet", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "forklift-verify-"));
    await unpackBundle(folder);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const fileOf = (id: BlockId) => join(folder, blockFileName({ network: "mainnet", ...id }));

  test("all pass, and their commands are numbered without a gap", () => {
    const ids = idsIn(folder);
    let commandCount = 0;
    for (const id of ids) {
      const { userCommands, internalCommands } = verifyBlock(bytesOf(fileOf(id)), id);
      const numbers = new Set([...userCommands, ...internalCommands].map((row) => row.sequenceNo));
      expect(userCommands.every(({ sequenceNo }) => numbers.has(sequenceNo))).toBe(true);
      expect(Math.max(-1, ...numbers)).toBe(numbers.size - 1);
      commandCount += userCommands.length;
    }
    expect(ids).toHaveLength(BLOCK_COUNT);
    expect(commandCount).toBe(11_004);
  });

  test("a block whose commands cannot be read is refused with the place in the file", () => {
    const id = idsIn(folder).find((other) => other.height === 200n)!;
    const whole = Buffer.from(bytesOf(fileOf(id))).toString("latin1");
    const key = "B62qre3erTHfzQckNuibViWQGyyKwZseztqrjPZBv6SQF384Rg6ESAy";
    const work = `{"prover":"${key}","fee":"1000"}`;
    const diff = "staged_ledger_diff.diff[0]";
    for (const [found, put, told] of [
      ['"commands":[', '"comands":[', `${diff}.commands: expected an array, found nothing`],
      ['"nonce":"286"', '"nonce":"0286"', `${diff}.commands[0].data.payload.common.nonce: `],
      ['"coinbase":["One"', '"coinbase":["Three"', `${diff}.coinbase: expected Zero, One or Two`],
      ['"completed_works":[', `"completed_works":[${work}`, "staged_ledger_diff: the works cost"],
      ['"staged_ledger_diff":', '"staged":', "there is no staged_ledger_diff"],
    ] as const) {
      const changed = whole.replace(found, put);
      expect(changed).not.toBe(whole);
      expect(() => verifyBlock(Buffer.from(changed, "latin1"), id)).toThrow(FormatError);
      expect(() => verifyBlock(Buffer.from(changed, "latin1"), id)).toThrow(told);
    }
  });
});
