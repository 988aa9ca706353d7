// Counts what the canonical chain of a sample shows, so that a test, or a reader, can see that
// nothing is missing.

import type { FailureReason } from "@forklift/chain";
import type { SampleBlock } from "./compose-block.ts";
import type { Growth } from "./grow-chain.ts";
import type { Applied } from "./ledger-session.ts";

const FEATURES = [
  "payments",
  "selfPayments",
  "delegations",
  "failedByPredicate",
  "failedByMissingReceiver",
  "failedByAmount",
  "finiteValidUntil",
  "memos",
  "accountsOpenedByPayment",
  "accountsOpenedByCoinbase",
  "accountsOpenedByFeeTransfer",
  "accountsOpenedByFeeTransferViaCoinbase",
  "vestingsEnded",
  "coinbasesWhole",
  "coinbasesInTwoParts",
  "coinbasesSupercharged",
  "feeTransfersViaCoinbase",
  "feeTransfersPaired",
  "feeTransfersSingle",
  "worksUnpaid",
  "secondPreDiffs",
  "blocksWithoutUserCommands",
  "blocksWithoutTransactions",
  "stretchesOfEmptySlots",
  "rivalBlocks",
  "rivalBranchesOfTwo",
] as const;

export type Feature = (typeof FEATURES)[number];

export type FeatureCounts = Readonly<Record<Feature, number>>;

/** Slots; chance alone leaves fewer empty in a busy sample. */
const LONG_STRETCH = 25n;

/** What a payment that has no memo carries. */
const EMPTY_MEMO = "E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH";

const FAILURES: Readonly<Partial<Record<FailureReason, Feature>>> = {
  Predicate: "failedByPredicate",
  Receiver_not_present: "failedByMissingReceiver",
  Amount_insufficient_to_create_account: "failedByAmount",
};

export interface FeatureCounter {
  readonly counts: FeatureCounts;
  add(growth: Growth, parentSlot: bigint): void;
}

export function createFeatureCounter(): FeatureCounter {
  const counts = Object.fromEntries(FEATURES.map((name) => [name, 0])) as Record<Feature, number>;
  const count = (feature: Feature, by = 1) => {
    counts[feature] += by;
  };
  return {
    counts,
    add({ rivals, block }, parentSlot) {
      for (const applied of block.applied) countTransaction(applied, count);
      countDiff(block, count);
      if (block.slot - parentSlot > LONG_STRETCH) count("stretchesOfEmptySlots");
      count("rivalBlocks", rivals.length);
      if (rivals.some(({ height }) => height > block.height)) count("rivalBranchesOfTwo");
    },
  };
}

type Count = (feature: Feature, by?: number) => void;

function countTransaction({ transaction, outcome, opened, vestingsEnded }: Applied, count: Count) {
  count("vestingsEnded", vestingsEnded);
  switch (transaction.kind) {
    case "user_command": {
      const { command } = transaction;
      if (command.validUntil !== null) count("finiteValidUntil");
      if (command.memo !== EMPTY_MEMO) count("memos");
      count("accountsOpenedByPayment", opened.size);
      if (outcome.failureReason !== null) {
        const feature = FAILURES[outcome.failureReason];
        if (feature !== undefined) count(feature);
      } else if (command.type === "delegation") count("delegations");
      else count(command.receiver === command.source ? "selfPayments" : "payments");
      return;
    }
    case "coinbase": {
      const transferee = transaction.feeTransfer?.receiver;
      if (transferee !== undefined) count("feeTransfersViaCoinbase");
      if (opened.has(transaction.receiver)) count("accountsOpenedByCoinbase");
      if (transferee !== undefined && opened.has(transferee)) {
        count("accountsOpenedByFeeTransferViaCoinbase");
      }
      return;
    }
    case "fee_transfer":
      count(transaction.transfers.length === 2 ? "feeTransfersPaired" : "feeTransfersSingle");
      count("accountsOpenedByFeeTransfer", opened.size);
  }
}

function countDiff({ diff, applied, state }: SampleBlock, count: Count): void {
  const { coinbaseReceiver, superchargeCoinbase } = state.body.consensusState;
  if (diff.length === 2) count("secondPreDiffs");
  if (applied.length === 0) count("blocksWithoutTransactions");
  if (!applied.some(({ transaction }) => transaction.kind === "user_command")) {
    count("blocksWithoutUserCommands");
  }
  for (const { coinbase, completedWorks } of diff) {
    if (coinbase.parts === 1) count("coinbasesWhole");
    if (coinbase.parts === 2) count("coinbasesInTwoParts");
    if (coinbase.parts > 0 && superchargeCoinbase) count("coinbasesSupercharged");
    const unpaid = completedWorks.filter(
      ({ prover, fee }) => prover === coinbaseReceiver && fee > 0n,
    );
    count("worksUnpaid", unpaid.length);
  }
}
