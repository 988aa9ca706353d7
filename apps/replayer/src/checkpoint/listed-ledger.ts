// A file that lists a ledger in any of the official forms, read account by account.

import {
  type Account,
  FormatError,
  type GlobalSlotSinceGenesis,
  parseGlobalSlotSinceGenesis,
  untaggedSlot,
} from "@forklift/chain";
import { isWinnerLeftOut, Ledger, LedgerJson, listedAccounts } from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import { openObject } from "@forklift/storage";

export interface ListedLedgerFile {
  readonly ledger: Ledger;
  /** The document without its accounts. */
  readonly rest: Readonly<Record<string, unknown>>;
  /** Whether nobody has put the genesis winner in front, which the file leaves to its reader. */
  readonly isWinnerLeftOut: boolean;
}

/** @param winner comes first where it is not listed; null takes the accounts as they are. */
export async function readListedLedger(
  url: string,
  winner: Account | null,
): Promise<ListedLedgerFile> {
  return await whenListed(url, async (chunks) => {
    const json = new LedgerJson(chunks);
    const ledger = new Ledger();
    for await (const account of listedAccounts(json, winner)) ledger.append(account);
    const rest = json.rest();
    const leavesWinner = winner === null && isWinnerLeftOut(rest, json.accountCount);
    return { ledger, rest, isWinnerLeftOut: leavesWinner };
  });
}

/** 0, the official default, for a file that is no checkpoint. */
export function startSlotOf(rest: ListedLedgerFile["rest"]): GlobalSlotSinceGenesis {
  return parseGlobalSlotSinceGenesis(String(untaggedSlot(rest["start_slot_since_genesis"] ?? 0)));
}

/** @throws SourceDataError when the file is missing or does not list a ledger. */
export async function whenListed<Value>(
  url: string,
  read: (chunks: AsyncIterable<Uint8Array>) => Promise<Value>,
): Promise<Value> {
  const { stream } = await openObject(url);
  try {
    return await read(stream);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`${url} lists no ledger, or is truncated: ${cause.message}`, {
      cause,
      hint: cause.hint ?? "give a checkpoint, ours or an official one, or a genesis configuration",
    });
  }
}
