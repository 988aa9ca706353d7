// A file that lists a ledger in any of the official forms, read account by account.

import { type Account, FormatError } from "@forklift/chain";
import { Ledger, LedgerJson, listedAccounts } from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import { openObject } from "@forklift/storage";

export interface ListedLedgerFile {
  readonly ledger: Ledger;
  /** The document without its accounts. */
  readonly rest: Readonly<Record<string, unknown>>;
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
    return { ledger, rest: json.rest() };
  });
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
    throw new SourceDataError(`${url} lists no ledger, or is torn: ${cause.message}`, {
      cause,
      hint: "give a checkpoint, ours or an official one, or a genesis configuration",
    });
  }
}
