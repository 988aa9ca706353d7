// Does the receipt chain of every fee payer follow from the commands of the block? It ties each command
// to the account rows, which the ledger hash proves.

import { fieldBytesOfHash, hashTextOfBytes } from "@forklift/chain";
import { EMPTY_RECEIPT_CHAIN_HASH } from "@forklift/ledger";
import type { WalkCheck } from "../check.ts";
import { commandOfRow } from "../command-of-row.ts";
import type { HeightRows } from "../walk/height-rows.ts";
import type { AccountChange } from "../walk/rebuilt-ledger.ts";

const GENESIS_HEIGHT = 1n;

/** Blocks that a thread which hashes may be behind. What is kept of one takes some 50 kB. */
const WAITING_MAX = 64;

interface Asked extends Pick<HeightRows, "place" | "changes"> {
  /** Of each command, in their order. */
  readonly payers: readonly string[];
  /** What each command leaves in its payer. */
  readonly chains: Promise<readonly Uint8Array[]>;
}

export const receiptChains: WalkCheck = {
  id: "receipt-chains",
  name: "receipt chains recomputed from the commands are those of the accounts",
  needs: [],

  follow({ rebuilt }, findings) {
    const asked: Asked[] = [];
    const ask = ({ place, userCommands, changes }: HeightRows) => {
      const commands = userCommands.map(commandOfRow);
      const before = new Map(
        changes.map((change) => [change.after.publicKey, chainBefore(change)]),
      );
      const chains = rebuilt.receipts.extend(commands, (payer) =>
        fieldBytesOfHash("receiptChainHash", before.get(payer) ?? EMPTY_RECEIPT_CHAIN_HASH),
      );
      // Met when it is compared; until then nobody waits for it.
      chains.catch(() => undefined);
      asked.push({ place, changes, payers: commands.map(({ feePayer }) => feePayer), chains });
    };
    const settle = async (waitingMax: number) => {
      while (asked.length > waitingMax) {
        const { place, changes, payers, chains } = asked.shift()!;
        const latest = new Map<string, Uint8Array>();
        for (const [at, chain] of (await chains).entries()) latest.set(payers[at]!, chain);
        for (const change of changes) {
          const { publicKey, receiptChainHash } = change.after;
          const chain = latest.get(publicKey);
          const expected = chain ? hashTextOfBytes("receiptChainHash", chain) : chainBefore(change);
          const key = `${place}, public_key ${publicKey}`;
          const column = { table: "accounts_accessed", key, column: "receipt_chain_hash" };
          findings.compare(column, expected, receiptChainHash);
        }
      }
    };
    return {
      see(rows) {
        if (rows.height === GENESIS_HEIGHT) return undefined;
        try {
          ask(rows);
        } catch (error) {
          // A command that is none ends this check, after what was found below.
          return settle(0).then(() => {
            throw error;
          });
        }
        for (const _change of rows.changes) findings.rowCompared();
        return asked.length > WAITING_MAX ? settle(WAITING_MAX) : undefined;
      },
      settle: () => settle(0),
      end: () => settle(0),
    };
  },
};

function chainBefore({ before }: AccountChange): string {
  return before?.receiptChainHash ?? EMPTY_RECEIPT_CHAIN_HASH;
}
