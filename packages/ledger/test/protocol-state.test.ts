// The state hash, against a worked example and real blocks, and what is refused with which words.

import { encodeBase58check, FormatError, fieldFromBytes, VERSION_BYTE } from "@forklift/chain";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import {
  bodyInput,
  hashProtocolState,
  nonSnarkPreimage,
} from "../src/block/protocol-state-hash.ts";
import { LEGACY_PARAMETERS } from "../src/poseidon/legacy-parameters.ts";
import { prefixState } from "../src/poseidon/reference.ts";
import { type Json, leavesOf, type Path, withValue } from "./json-places.ts";
import { type BlockFiles, hasMainnetData, readShared, unpackBlocks } from "./mainnet-data.ts";

const BLOCK_2 = "3NLyWnjZqUECniE1q719CoLmes6WDQAod4vrTeLfN7XXJbHv6EHH";
const BLOCK_1 = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

describe.skipIf(!hasMainnetData)("a protocol state", () => {
  let blocks: BlockFiles;
  let block2: Json;
  beforeAll(async () => {
    blocks = await unpackBlocks();
    block2 = protocolStateOf(BLOCK_2);
  });

  const protocolStateOf = (hash: string) =>
    (blocks.read(hash) as { protocol_state: Json }).protocol_state;

  test("of block 2 gives every value of the worked example", () => {
    const lines = readShared("facts/state-hash-worked-example.txt").trim().split("\n");
    const numbers = (start: string) =>
      lines
        .filter((line) => line.startsWith(start))
        .flatMap((line) => line.match(/0x[0-9a-f]{64}\b/g) ?? [])
        .map(BigInt);
    const { body } = decodeProtocolState(block2);
    expect(prefixState(LEGACY_PARAMETERS, "CodaProtoStateBody")).toStrictEqual(
      numbers("salt CodaProtoStateBody "),
    );
    expect(prefixState(LEGACY_PARAMETERS, "CodaProtoState")).toStrictEqual(
      numbers("salt CodaProtoState "),
    );
    const preimage = nonSnarkPreimage(body.blockchainState.stagedLedgerHash.nonSnark);
    expect(lines).toContain(`preimage ${Buffer.from(preimage).toString("hex")}`);
    const expected = [...numbers("F["), ...numbers("P[")];
    expect(expected).toHaveLength(22);
    const input = bodyInput(body);
    expect(expected.map((_, at) => fieldFromBytes(input.subarray(32 * at, 32 * at + 32)))).toEqual(
      expected,
    );
    expect(input).toHaveLength(32 * expected.length);
    expect(hashProtocolState(decodeProtocolState(block2))).toBe(BLOCK_2);
  });

  test("of the genesis block gives its state hash", () => {
    const block1 = JSON.parse(readShared(`data/mainnet/mainnet-1-${BLOCK_1}.json`)) as {
      protocol_state: Json;
    };
    expect(hashProtocolState(decodeProtocolState(block1.protocol_state))).toBe(BLOCK_1);
  });

  test("of every twentieth block gives the state hash in its name", () => {
    const sample = blocks.names.filter((_, index) => index % 20 === 0);
    expect(sample.length).toBeGreaterThan(190);
    for (const { height, stateHash } of sample) {
      const state = decodeProtocolState(protocolStateOf(stateHash));
      expect(hashProtocolState(state)).toBe(stateHash);
      expect(state.body.consensusState.blockchainLength).toBe(height);
    }
  });

  test("is refused without any one of its values, by name", () => {
    for (const { path } of leavesOf(block2).filter(
      (leaf) => typeof leaf.path.at(-1) === "string",
    )) {
      const incomplete = withValue(block2, path, undefined);
      expect(() => decodeProtocolState(incomplete)).toThrow(`key "${path.at(-1)}" is missing`);
    }
  });

  const consensus = ["body", "consensus_state"] as const;
  test.each<[string, Path, Json, RegExp]>([
    ["an unknown key", ["body", "extra"], "1", /protocol_state.body: unknown key "extra"/],
    [
      "a number that is no text",
      [...consensus, "epoch_count"],
      0,
      /epoch_count: expected a string/,
    ],
    ["a leading zero", [...consensus, "epoch_count"], "00", /epoch_count: not a canonical/],
    ["a sign", [...consensus, "epoch_count"], "-1", /epoch_count: not a canonical/],
    ["a height beyond 32 bits", [...consensus, "blockchain_length"], "4294967296", /above/],
    ["a boolean that is text", [...consensus, "supercharge_coinbase"], "true", /a boolean/],
    [
      "a density too few",
      [...consensus, "sub_window_densities"],
      ["7"],
      /expected 11 elements, found 1/,
    ],
    [
      "a missing object",
      [...consensus, "curr_global_slot"],
      null,
      /expected an object, found null/,
    ],
    [
      "a hash of another kind",
      ["previous_state_hash"],
      "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee",
      /^protocol_state.previous_state_hash: .*version byte/,
    ],
    ["a mistyped hash", ["previous_state_hash"], BLOCK_1.replace("w", "W"), /not base58check/],
    [
      "a VRF output without padding",
      [...consensus, "last_vrf_output"],
      "A".repeat(43),
      /last_vrf_output: not 32 bytes/,
    ],
    [
      "a VRF output with stray low bits",
      [...consensus, "last_vrf_output"],
      `${"A".repeat(42)}B=`,
      /not 32 bytes/,
    ],
    [
      "a VRF output in the other alphabet",
      [...consensus, "last_vrf_output"],
      `${"+".repeat(42)}A=`,
      /not 32 bytes/,
    ],
    [
      "a VRF output of 254 bits",
      [...consensus, "last_vrf_output"],
      `${"A".repeat(41)}CA=`,
      /more than 253 bits/,
    ],
  ])("is refused with %s", (_, path, value, message) => {
    const altered = withValue(block2, path, value);
    expect(() => decodeProtocolState(altered)).toThrow(FormatError);
    expect(() => decodeProtocolState(altered)).toThrow(message);
  });

  test("is refused with a field element that is not reduced", () => {
    const modulus = 0x40000000000000000000000000000000224698fc094cf91b992d30ed00000001n;
    const bytes = Buffer.from(modulus.toString(16), "hex").reverse();
    const zeroAgain = encodeBase58check(VERSION_BYTE.epochSeed, Buffer.from([1, ...bytes]));
    const altered = withValue(block2, [...consensus, "staking_epoch_data", "seed"], zeroAgain);
    expect(() => decodeProtocolState(altered)).toThrow(/seed: .*not below the field modulus/);
  });
});
