// Brings a ledger to a height by what the target has recorded of its accounts. From nothing, that is
// the whole ledger out of the database alone; no transaction is applied again, and none is taken back.

import {
  countCreatedAccounts,
  type RecordedAccount,
  readAccountsBefore,
  readRecordedAccounts,
  type TargetBlock,
} from "@forklift/archive";
import { type BlockRef, FormatError, type LedgerHash } from "@forklift/chain";
import { LEGACY_TREE_RULES, Ledger } from "@forklift/ledger";
import { isLedgerHashException } from "@forklift/network";
import { SourceDataError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
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
  context: RebuildContext,
  ledger: Ledger,
  { from, to }: { readonly from: bigint; readonly to: TargetBlock },
): Promise<void> {
  const { target, network, inform = () => undefined } = context;
  const isWhole = ledger.accountCount === 0;
  if (isWhole) inform(`reading the ledger of height ${to.height} back from ${target.maskedUrl}`);
  await takeRecorded(target, ledger, { from, to });
  if (isWhole) {
    const what = `the ledger of height ${to.height}`;
    await hashLedger(ledger, LEGACY_TREE_RULES, { what, inform });
  }
  requireHash(ledger.ledgerHash(), to, { target, network });
}

/**
 * Writes into a ledger of height `from` what the blocks up to `to` recorded along its branch. The caller proves
 * what comes of it by its hash.
 * @throws SourceDataError for rows that make no ledger.
 */
export async function takeRecorded(
  target: Session,
  ledger: Ledger,
  { from, to }: { readonly from: bigint; readonly to: BlockRef },
): Promise<void> {
  await takeAccounts(target, ledger, readRecordedAccounts(target, { above: from, to }), to.height);
}

/**
 * Takes a ledger that stands at height `from` back to the block `to` below it, both of them replayed: by what the
 * accounts that were accessed since were before.
 * @throws SourceDataError for rows that make no ledger, VerificationError as above.
 */
export async function takeLedgerBack(
  { target, network }: RebuildContext,
  ledger: Ledger,
  { from, to }: { readonly from: bigint; readonly to: TargetBlock },
): Promise<void> {
  const since = { above: to.height, upTo: from };
  const created = await countCreatedAccounts(target, since);
  ledger.table.removeFrom(Math.max(ledger.accountCount - created, 0));
  await takeAccounts(target, ledger, readAccountsBefore(target, since), to.height);
  requireHash(ledger.ledgerHash(), to, { target, network });
}

async function takeAccounts(
  target: Session,
  ledger: Ledger,
  accounts: AsyncIterable<RecordedAccount>,
  upTo: bigint,
): Promise<void> {
  for await (const recorded of accounts) {
    const { ledgerIndex, account } = recorded;
    try {
      if (ledgerIndex < ledger.accountCount) ledger.replace(ledgerIndex, account);
      else requireIndex(ledger.append(account), ledgerIndex);
    } catch (cause) {
      if (!(cause instanceof FormatError || cause instanceof RangeError)) throw cause;
      throw new SourceDataError(
        `account ${account.publicKey}, recorded at ledger_index ${ledgerIndex} of ` +
          `${target.maskedUrl} up to height ${upTo}: ${cause.message}`,
        { cause, hint: "the target was changed by another program; forklift verify shows where" },
      );
    }
  }
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
