// Do the accounts, block by block, make up the ledger whose hash the block bears? This one hash covers
// every balance, nonce, receipt chain, delegate, vote and timing, at every account's right index: a
// wrong, missing or extra row shows at its height.

import type { LedgerHash, StateHash } from "@forklift/chain";
import { ledgerHashExceptionOf, type Network } from "@forklift/network";
import type { WalkCheck } from "../check.ts";
import type { Row } from "../compare-rows.ts";

/** Blocks that the threads may be behind: several windows of them. One waits with some 300 bytes. */
const WAITING_MAX = 512;

interface Asked {
  readonly key: string;
  readonly recorded: string;
  readonly isException: boolean;
  readonly recomputed: Promise<LedgerHash>;
}

export const ledgerHashAtEveryBlock: WalkCheck = {
  id: "ledger-hash-at-every-block",
  name: "the ledger rebuilt from accounts_accessed has the ledger hash of every block",
  needs: [],

  follow({ rebuilt, network, below }, findings) {
    const asked: Asked[] = [];
    const ask = (key: string, recorded: string, isException: boolean) => {
      const recomputed = rebuilt.tree.ledgerHash();
      // Met when it is compared; until then nobody waits for it.
      recomputed.catch(() => undefined);
      asked.push({ key, recorded, isException, recomputed });
    };
    const settle = async (waitingMax: number) => {
      while (asked.length > waitingMax) {
        const { key, recorded, isException, recomputed } = asked.shift()!;
        const place = { table: "blocks", key, column: "ledger_hash" };
        const expected = await recomputed;
        if (!isException) findings.compare(place, expected, recorded);
      }
    };
    if (below !== null) {
      // The accounts below the walk must be those that the block below it left.
      const key = `height ${below.height}, state_hash ${below.stateHash}`;
      ask(key, below.ledgerHash, network.ledgerHashExceptions.has(below.stateHash));
    }
    return {
      see({ height, place, blocks, changes, badRows }) {
        findings.rowCompared();
        for (const { row, reason } of badRows) {
          const key = `${place}, public_key ${row["public_key"]}`;
          const whole = { table: "accounts_accessed", key, column: "*" };
          findings.add({ ...whole, expected: "an account", found: reason });
        }
        for (const { row, ledgerIndex } of changes) {
          if (row["ledger_index"] === String(ledgerIndex)) continue;
          const key = `${place}, public_key ${row["public_key"]}`;
          const index = { table: "accounts_accessed", key, column: "ledger_index" };
          findings.compare(index, String(ledgerIndex), row["ledger_index"]!);
        }
        const [block] = blocks;
        if (block === undefined) return undefined;
        const key = `height ${height}, state_hash ${block["state_hash"]}`;
        ask(key, block["ledger_hash"]!, exceptionFor(network, block) !== undefined);
        return asked.length > WAITING_MAX ? settle(WAITING_MAX) : undefined;
      },
      settle: () => settle(0),
      end: () => settle(0),
    };
  },
};

/** Why the ledger hash of a block is not demanded, when it is not. */
export function exceptionFor({ ledgerHashExceptions }: Network, block: Row): string | undefined {
  return ledgerHashExceptionOf(ledgerHashExceptions, {
    stateHash: (block["state_hash"] ?? "") as StateHash,
    globalSlotSinceGenesis: BigInt(block["global_slot_since_genesis"] ?? -1),
  })?.reason;
}
