// What accounts held after a block, out of the rows of that block's branch alone. Before anything is answered,
// the whole ledger is rebuilt and its root compared with the block's ledger hash: an altered row of any
// account makes the answer an error.

import { type AskedBlock, DEFAULT_TOKEN, findAskedBlock, unreplayedAbove } from "@forklift/archive";
import type { PublicKey, StateHash, Timing } from "@forklift/chain";
import { minimumBalance } from "@forklift/ledger";
import { isLedgerHashException } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type RebuildContext, rebuildLedger } from "./rebuild-ledger.ts";

/** Amounts in nanomina, as Rosetta reports them at the block's slot: total = liquid + locked. */
export interface HeldAccount {
  readonly publicKey: PublicKey;
  /** The default one: protocol 1.x had no other. */
  readonly token: string;
  /** Its index in the Merkle ledger. */
  readonly ledgerIndex: number;
  readonly total: bigint;
  readonly liquid: bigint;
  readonly locked: bigint;
  readonly nonce: bigint;
  readonly delegate: PublicKey;
  readonly timing: Timing | null;
}

export interface Balances {
  readonly block: AskedBlock;
  /** Of the whole ledger. */
  readonly accountCount: number;
  /** False at a block whose ledger hash the network's preset excepts. */
  readonly isLedgerHashCompared: boolean;
  /** In the order of the question; null for an account that did not exist. */
  readonly accounts: readonly {
    readonly publicKey: PublicKey;
    readonly account: HeldAccount | null;
  }[];
}

/**
 * @param at a height, where the canonical block is meant, or the state hash of any block.
 * @throws UsageError, ConfigError when there is no such block, it is none of protocol 1.x, or it is not replayed.
 * @throws VerificationError, SourceDataError when the rows do not make the ledger that the block states.
 */
export async function balancesAt(
  context: RebuildContext,
  at: bigint | StateHash,
  publicKeys: readonly PublicKey[],
): Promise<Balances> {
  const block = await findAskedBlock(context.target, at);
  await requireReplayed(context.target, block);
  const ledger = await rebuildLedger(context, block);
  const accounts = publicKeys.map((publicKey) => {
    const found = ledger.find(publicKey);
    if (found === undefined) return { publicKey, account: null };
    const { balance: total, nonce, delegate, timing } = found.account;
    const minimum = timing === null ? 0n : minimumBalance(timing, block.globalSlotSinceGenesis);
    const liquid = total > minimum ? total - minimum : 0n;
    const account: HeldAccount = {
      ...{ publicKey, token: DEFAULT_TOKEN, ledgerIndex: found.index },
      ...{ total, liquid, locked: total - liquid, nonce, delegate, timing },
    };
    return { publicKey, account };
  });
  return {
    block,
    accountCount: ledger.accountCount,
    isLedgerHashCompared: !isLedgerHashException(context.network.ledgerHashExceptions, block),
    accounts,
  };
}

/** @throws ConfigError */
async function requireReplayed(target: Session, { stateHash, height }: AskedBlock): Promise<void> {
  const recorded = await unreplayedAbove(target, stateHash);
  if (recorded === null) return;
  throw new ConfigError(
    `block ${stateHash} at height ${height} of ${target.maskedUrl} is not replayed: on its chain ` +
      `accounts_accessed ends at height ${recorded}`,
    {
      hint: "run forklift replay, then ask again; or give --at a height up to which it is replayed",
    },
  );
}
