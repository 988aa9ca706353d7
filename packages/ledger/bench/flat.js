// Whether a block costs the same on a small ledger and on a large one: blocks of payments among the
// same active accounts, which are the first ones of both ledgers and so have equal paths in the tree.

import { applyTransaction } from "../dist/index.js";
import { keyOf, madeUpLedger, paymentBetween } from "./made-up-ledger.js";

const PAYMENTS_IN_BLOCK = 30;
const BLOCKS_IN_ROUND = 4;

/** Steps from payment to payment, coprime to any number of active accounts. */
const PAYER_STEP = 7919;
const RECEIVER_STEP = 104_729;

export function paymentBlocks({ accountCount, activeCount }) {
  const ledger = madeUpLedger(accountCount);
  const active = Array.from({ length: activeCount }, (_, index) => keyOf(index));
  const nonces = new Array(activeCount).fill(0);
  let payments = 0;
  const payBlock = () => {
    for (let count = 0; count < PAYMENTS_IN_BLOCK; count++) {
      const payer = (payments * PAYER_STEP) % activeCount;
      const receiver = (payments * RECEIVER_STEP + 1) % activeCount;
      const transaction = paymentBetween(active[payer], active[receiver], nonces[payer]);
      const { status } = applyTransaction(ledger, transaction, 0n);
      if (status !== "applied") throw new Error(`payment ${payments} has failed`);
      nonces[payer] += 1;
      payments += 1;
    }
    ledger.ledgerHash();
  };
  return {
    operations: BLOCKS_IN_ROUND,
    run() {
      for (let count = 0; count < BLOCKS_IN_ROUND; count++) payBlock();
    },
  };
}
