import type { SourceBlock } from "@forklift/archive";
import { parseGlobalSlotSinceGenesis, parseGlobalSlotSinceHardFork } from "@forklift/chain";
import { loadNetwork } from "@forklift/network";
import { SourceDataError } from "@forklift/pipeline";
import { beforeAll, describe, expect, test } from "vitest";
import { mergeBlock } from "../../src/blocks/merge-block.ts";
import type { ProvenBlock } from "../../src/blocks/proven-block.ts";

type State = Awaited<ReturnType<typeof loadNetwork>>["genesis"]["protocolState"];

describe("mergeBlock", () => {
  let state: State;
  let source: SourceBlock;
  let proven: ProvenBlock;

  beforeAll(async () => {
    const { genesis } = await loadNetwork("mainnet");
    state = genesis.protocolState;
    proven = {
      protocolState: state,
      userCommands: [],
      internalCommands: [],
      signatures: null,
      source: "a folder",
    };
    const { blockchainState, consensusState } = state.body;
    source = {
      height: 1n,
      stateHash: genesis.stateHash,
      parentHash: state.previousStateHash,
      ledgerHash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
      creator: consensusState.blockCreator,
      winner: consensusState.blockStakeWinner,
      globalSlotSinceHardFork: parseGlobalSlotSinceHardFork("0"),
      globalSlotSinceGenesis: parseGlobalSlotSinceGenesis("0"),
      timestamp: 1_615_939_200_000n,
      userCommands: [],
      internalCommands: [],
    };
  });

  test("takes from the precomputed block what the old schema does not hold", () => {
    expect(mergeBlock(source, proven)).toMatchObject({
      minWindowDensity: 77n,
      subWindowDensities: [1n, 7n, 7n, 7n, 7n, 7n, 7n, 7n, 7n, 7n, 7n],
      totalCurrency: 805_385_692_840_039_233n,
      lastVrfOutput: "NfThG1r1GxQuhaGLSJWGxcpv24SudtXG4etB0TnGqwg=",
      stakingEpochData: { epochLength: 1n },
      nextEpochData: { epochLength: 2n, lockCheckpoint: state.previousStateHash },
    });
  });

  test.each([
    ["height", "height", 2n],
    ["parent_hash", "parentHash", "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ"],
    ["ledger_hash", "ledgerHash", "jwuDVNsqhqzkGeiQ5SB12m6TmdEKXGFxAaaW3gNrsNc3x8ZWhcD"],
    ["creator_id", "creator", "B62qmqMrgPshhHKLJ7DqWn1KeizEgga5MuGmWb2bXajUnyivfeMW6JE"],
    ["block_winner_id", "winner", "B62qmqMrgPshhHKLJ7DqWn1KeizEgga5MuGmWb2bXajUnyivfeMW6JE"],
    ["global_slot", "globalSlotSinceHardFork", 7n],
    ["global_slot_since_genesis", "globalSlotSinceGenesis", 7n],
    ["timestamp", "timestamp", 1n],
  ])("refuses a source whose %s is not the hashed one, with both values", (column, name, wrong) => {
    const merge = () => mergeBlock({ ...source, [name]: wrong } as SourceBlock, proven);
    expect(merge).toThrow(SourceDataError);
    expect(merge).toThrow(`the source has blocks.${column} ${wrong}, its protocol state`);
  });
});
