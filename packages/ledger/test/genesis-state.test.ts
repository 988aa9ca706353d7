import { nanominaOfMina } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import { deriveGenesisState } from "../src/block/genesis-state.ts";
import { hashProtocolState } from "../src/block/protocol-state-hash.ts";
import { hasMainnetData, readGenesisBlock } from "./mainnet-data.ts";

describe.skipIf(!hasMainnetData)("the genesis state of mainnet", () => {
  const known = () => {
    const { protocol_state: json } = readGenesisBlock() as { readonly protocol_state: unknown };
    return decodeProtocolState(json);
  };

  test("follows from its ledger hash, currency, winner and constants, to the last value", () => {
    const { constants, blockchainState, consensusState } = known().body;
    const derived = deriveGenesisState({
      ledgerHash: blockchainState.genesisLedgerHash,
      totalCurrency: nanominaOfMina("805385692.840039233"),
      winner: consensusState.blockStakeWinner,
      constants,
    });
    expect(derived).toEqual(known());
    expect(hashProtocolState(derived)).toMatch(/^3NKeMoncuHab5ScarV5ViyF16cJPT4/);
  });

  test("is another with any other constant, currency or time", () => {
    const { constants, blockchainState, consensusState } = known().body;
    const origin = {
      ledgerHash: blockchainState.genesisLedgerHash,
      totalCurrency: consensusState.totalCurrency,
      winner: consensusState.blockStakeWinner,
      constants,
    };
    const others = [
      { ...origin, totalCurrency: origin.totalCurrency + 1n },
      ...Object.entries(constants).map(([name, value]) => ({
        ...origin,
        constants: { ...constants, [name]: value + 1n },
      })),
    ];
    const hashes = [origin, ...others].map((it) => hashProtocolState(deriveGenesisState(it)));
    expect(new Set(hashes).size).toBe(hashes.length);
  });
});
