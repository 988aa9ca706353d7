// Brings a ledger to a height by what the target has recorded of its accounts. From nothing, that is
// the whole ledger out of the database alone; no transaction is applied again.

import { readRecordedAccounts, type TargetBlock } from "@forklift/archive";
import { FormatError, type LedgerHash } from "@forklift/chain";
import { LEGACY_TREE_RULES, Ledger } from "@forklift/ledger";
import { isLedgerHashException } from "@forklift/network";
import { SourceDataError, VerificationError } from "@forklift/pipeline";
import type { ReplayerContext } from "../context.ts";
import { hashLedger } from "./hash-ledger.ts";

/** The archive that is read, and what is known of its network. */
export type RebuildContext = Pick<ReplayerContext, "target" | "network" | "inform">;

/**
 * The ledger after a block that has been replayed, from the target's rows alone: the newest of each
 * account on the block's branch. In memory stands the ledger, and nothing else that grows.
 * @throws VerificationError when its hash is not that of the block.
 */
export async function rebuildLedger(context: RebuildContext, block: TargetBlock): Promise<Ledger> {
  const ledger = new Ledger();
  await advanceLedger(context, ledger, { from: 0n, to: block });
  return ledger;
}

/**
 * Takes a ledger that stands at height `from` to the block `to`, both of them replayed.
 * @throws SourceDataError for rows that make no ledger, VerificationError as above.
 */
export async function advanceLedger(
  { target, network, inform = () => undefined }: RebuildContext,
  ledger: Ledger,
  { from, to }: { readonly from: bigint; readonly to: TargetBlock },
): Promise<void> {
  const isWhole = ledger.accountCount === 0;
  if (isWhole) inform(`reading the ledger of height ${to.height} back from ${target.maskedUrl}`);
  for await (const recorded of readRecordedAccounts(target, { above: from, to })) {
    const { ledgerIndex, account } = recorded;
    try {
      if (ledgerIndex < ledger.accountCount) ledger.replace(ledgerIndex, account);
      else requireIndex(ledger.append(account), ledgerIndex);
    } catch (cause) {
      if (!(cause instanceof FormatError || cause instanceof RangeError)) throw cause;
      throw new SourceDataError(
        `account ${account.publicKey}, recorded at ledger_index ${ledgerIndex} of ` +
          `${target.maskedUrl} up to height ${to.height}: ${cause.message}`,
        { cause, hint: "the target was changed by another program; forklift verify shows where" },
      );
    }
  }
  if (isWhole) {
    const what = `the ledger of height ${to.height}`;
    await hashLedger(ledger, LEGACY_TREE_RULES, { what, inform });
  }
  requireHash(ledger.ledgerHash(), to, { target, network });
}

function requireIndex(given: number, recorded: number): void {
  if (given === recorded) return;
  throw new FormatError(`no account is recorded at ledger_index ${given}`);
}

function requireHash(
  found: LedgerHash,
  block: TargetBlock,
  { target, network }: Pick<RebuildContext, "target" | "network">,
): void {
  if (found === block.ledgerHash || isLedgerHashException(network.ledgerHashExceptions, block))
    return;
  throw new VerificationError(
    `block ${block.stateHash} at height ${block.height} of ${target.maskedUrl} has ledger hash ` +
      `${block.ledgerHash}, the accounts recorded up to it give ${found}`,
    { hint: "rows of accounts_accessed were changed or lost; forklift verify shows which" },
  );
}
