// The genesis winner of a file that is read as it stands: daemons put it in front of the accounts that a
// configuration lists, and only who knows the network knows which account that is.

import type { Account } from "@forklift/chain";
import type { Ledger } from "@forklift/ledger";
import { isKnownWinner, loadNetwork } from "@forklift/network";
import type { Inform } from "../ledger/hash-ledger.ts";

/** Of the network that is named; null when none is. @throws ConfigError when there is no such preset. */
export async function winnerOf({
  network,
}: {
  readonly network?: string;
}): Promise<Account | null> {
  return network === undefined ? null : (await loadNetwork(network)).genesis.winner;
}

/** The key of the first account, which the winner's is in a genesis ledger; null for no accounts. */
export function firstKeyOf(ledger: Ledger): string | null {
  return ledger.accountCount === 0 ? null : ledger.account(0).publicKey;
}

/**
 * Tells of a file that leaves the winner to its reader when none that we know stands in front: with it
 * the ledger would have another hash.
 * @param first the key of its first account.
 */
export async function warnOfWinner(
  where: string,
  first: string | null,
  warn: Inform,
): Promise<void> {
  if (first !== null && (await isKnownWinner(first))) return;
  warn(
    `${where} has its genesis winner put in front by whoever reads it, unless it says ` +
      `add_genesis_winner: false; its first account is ${first ?? "none"}, and without --network NAME ` +
      "no other is put in front",
  );
}
