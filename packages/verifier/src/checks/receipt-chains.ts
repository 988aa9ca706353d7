// Does the receipt chain of every fee payer follow from the commands of the block? It ties each command
// to the account rows, which the ledger hash proves.

import { fieldBytesOfHash, hashTextOfBytes } from "@forklift/chain";
import { EMPTY_RECEIPT_CHAIN_HASH, extendReceiptChain } from "@forklift/ledger";
import type { WalkCheck } from "../check.ts";
import { commandOfRow } from "../command-of-row.ts";

const GENESIS_HEIGHT = 1n;

export const receiptChains: WalkCheck = {
  id: "receipt-chains",
  name: "receipt chains recomputed from the commands are those of the accounts",
  needs: [],

  follow(_scope, findings) {
    return {
      see({ height, userCommands, changes }) {
        if (height === GENESIS_HEIGHT) return;
        const chains = new Map<string, Uint8Array>();
        const before = new Map(
          changes.map(({ after, before: was }) => [
            after.publicKey as string,
            was?.receiptChainHash ?? EMPTY_RECEIPT_CHAIN_HASH,
          ]),
        );
        for (const row of userCommands) {
          const payer = row["fee_payer"] ?? "";
          const previous =
            chains.get(payer) ??
            fieldBytesOfHash("receiptChainHash", before.get(payer) ?? EMPTY_RECEIPT_CHAIN_HASH);
          chains.set(payer, extendReceiptChain(previous, commandOfRow(row)));
        }
        for (const { after, before: was } of changes) {
          findings.rowCompared();
          const chain = chains.get(after.publicKey);
          const expected = chain
            ? hashTextOfBytes("receiptChainHash", chain)
            : (was?.receiptChainHash ?? EMPTY_RECEIPT_CHAIN_HASH);
          const key = `height ${height}, public_key ${after.publicKey}`;
          const place = { table: "accounts_accessed", key, column: "receipt_chain_hash" };
          findings.compare(place, expected, after.receiptChainHash);
        }
      },
    };
  },
};
