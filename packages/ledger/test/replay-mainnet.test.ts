// The canonical chain of mainnet, replayed from its genesis ledger and compared at every step.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyTransaction } from "../src/apply-transaction.ts";
import { decodeProtocolState } from "../src/decode-protocol-state.ts";
import { decodeGenesisLedger } from "../src/genesis-ledger.ts";
import { Ledger } from "../src/ledger.ts";
import type { ProtocolState } from "../src/protocol-state.ts";
import { type JsonBlock, transactionsOfBlock } from "./block-transactions.ts";
import {
  type BlockFiles,
  hasMainnetData,
  MAINNET_WINNER,
  readGenesisLedger,
  unpackBlocks,
} from "./mainnet-data.ts";

/** The canonical block of height 150; FORKLIFT_REPLAY_TO names another, to replay more. */
const LAST_BLOCK =
  process.env["FORKLIFT_REPLAY_TO"] ?? "3NKWovz2sP2AnyVHXoKYgo7ZwZmP9Ud2vVp2uPRCd46XyRC4zew3";

const GENESIS_BLOCK = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

interface Link {
  readonly block: JsonBlock;
  readonly state: ProtocolState;
}

function chainTo(blocks: BlockFiles, last: string): Link[] {
  const chain: Link[] = [];
  for (let hash = last; hash !== GENESIS_BLOCK; ) {
    const block = blocks.read(hash) as JsonBlock;
    const state = decodeProtocolState(block.protocol_state);
    chain.push({ block, state });
    hash = state.previousStateHash;
  }
  return chain.reverse();
}

describe.skipIf(!hasMainnetData)("mainnet", () => {
  let blocks: BlockFiles;
  let ledger: Ledger;
  beforeAll(() => {
    blocks = unpackBlocks();
    ledger = new Ledger(decodeGenesisLedger(readGenesisLedger(), MAINNET_WINNER));
  });
  afterAll(() => blocks[Symbol.dispose]());

  test("the genesis ledger has the hash in the genesis block", () => {
    expect(ledger.accountCount).toBe(1676);
    expect(ledger.ledgerHash()).toBe("jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee");
  });

  test("every block of the chain leads to its own ledger hash, status by status", () => {
    const counts = { blocks: 0, transactions: 0, balances: 0, failed: 0, accessed: 0, created: 0 };
    let parentSlot = 0n;
    for (const { block, state } of chainTo(blocks, LAST_BLOCK)) {
      const { consensusState, blockchainState } = state.body;
      const at = `height ${consensusState.blockchainLength}`;
      const accessed = new Set<number>();
      for (const recorded of transactionsOfBlock(block, state)) {
        const slot = parentSlot as GlobalSlotSinceGenesis;
        const outcome = applyTransaction(ledger, recorded.transaction, slot);
        expect(outcome.status, at).toBe(recorded.status);
        expect(outcome.failureReason, at).toBe(recorded.failureReason);
        for (const [key, balance] of recorded.balances) {
          expect(ledger.account(ledger.indexOf(key)!).balance, `${at}: ${key}`).toBe(balance);
        }
        for (const index of outcome.accessed) accessed.add(index);
        counts.transactions += 1;
        counts.balances += recorded.balances.length;
        counts.failed += outcome.status === "failed" ? 1 : 0;
        counts.created += outcome.created.length;
      }
      expect(ledger.ledgerHash(), at).toBe(blockchainState.stagedLedgerHash.nonSnark.ledgerHash);
      parentSlot = consensusState.globalSlotSinceGenesis;
      counts.blocks += 1;
      counts.accessed += accessed.size;
    }
    if (process.env["FORKLIFT_REPLAY_TO"] !== undefined) console.info(counts);
    else expect(counts.blocks).toBe(149);
    expect(ledger.accountCount).toBe(1676 + counts.created);
  });
});
