// Reads a whole checkpoint and checks it against its own hashes, for `forklift checkpoint show`.

import { jsonNumber, minaOfNanomina } from "@forklift/chain";
import { BERKELEY_TREE_RULES, LEGACY_TREE_RULES, Ledger } from "@forklift/ledger";
import { splitObjectUrl } from "@forklift/storage";
import { hashLedger, type Inform } from "../ledger/hash-ledger.ts";
import { firstKeyOf, warnOfWinner, winnerOf } from "./left-out-winner.ts";
import { loadCheckpoint } from "./load-checkpoint.ts";

/** As plain data: `--json` prints exactly this. What only a meta file knows is null without one. */
export interface ShownCheckpoint {
  readonly ok: boolean;
  readonly name: string;
  readonly startSlot: number;
  readonly network: string | null;
  readonly height: number | null;
  readonly stateHash: string | null;
  readonly accounts: number;
  readonly timedAccounts: number;
  /** Of all accounts, in MINA. */
  readonly balance: string;
  /** Of the leaf hashes in the meta file, else of the accounts. */
  readonly ledgerHash: string;
  /** As the file says, unless it was computed. */
  readonly berkeleyLedgerHash: string | null;
  readonly isRehashed: boolean;
  /** Where it is not what it says. */
  readonly faults: readonly string[];
}

export interface ShowOptions {
  readonly isRehashing: boolean;
  /** Whose genesis winner is added where it is missing. */
  readonly network?: string;
  readonly inform: Inform;
  readonly warn: Inform;
}

/** @throws SourceDataError when the file is missing, truncated, or does not fit its meta file. */
export async function showCheckpoint(
  url: string,
  { isRehashing, inform, warn, ...options }: ShowOptions,
): Promise<ShownCheckpoint> {
  const place = splitObjectUrl(url);
  const loaded = await loadCheckpoint(place, { winner: await winnerOf(options), inform });
  if (loaded.isWinnerLeftOut) await warnOfWinner(url, firstKeyOf(loaded.ledger), warn);
  const { startSlot, ledger, statedHash, meta } = loaded;
  const faults: string[] = [];
  const compare = (what: string, stated: string | undefined | null, found: string) => {
    if (stated != null && stated !== found) faults.push(`${what} is ${found}, it says ${stated}`);
  };
  const ledgerHash = ledger.ledgerHash();
  compare("its ledger hash", meta?.ledgerHash, ledgerHash);
  compare("genesis_ledger.hash", meta?.berkeleyLedgerHash, statedHash ?? "missing");
  let berkeleyLedgerHash: string | null = statedHash;
  if (isRehashing) {
    // From the accounts alone: the ledger that was loaded may have its hashes from the meta file.
    const rehashed = new Ledger(ledger.accounts());
    await hashLedger(rehashed, LEGACY_TREE_RULES, { what: "the accounts", inform });
    compare("the ledger hash of its accounts", ledgerHash, rehashed.ledgerHash());
    await hashLedger(rehashed, BERKELEY_TREE_RULES, { what: "them as Berkeley does", inform });
    berkeleyLedgerHash = rehashed.berkeleyLedgerHash();
    compare("the Berkeley ledger hash of its accounts", statedHash, berkeleyLedgerHash);
  }
  return {
    ok: faults.length === 0,
    name: place.name,
    startSlot: jsonNumber(startSlot),
    network: meta?.network ?? null,
    height: meta && jsonNumber(meta.height),
    stateHash: meta?.stateHash ?? null,
    accounts: ledger.accountCount,
    ...sums(ledger),
    ledgerHash,
    berkeleyLedgerHash,
    isRehashed: isRehashing || meta === null,
    faults,
  };
}

function sums({ table }: Ledger): Pick<ShownCheckpoint, "timedAccounts" | "balance"> {
  let timedAccounts = 0;
  let balance = 0n;
  for (let index = 0; index < table.count; index++) {
    if (table.isTimed(index)) timedAccounts += 1;
    balance += table.balance(index);
  }
  return { timedAccounts, balance: minaOfNanomina(balance) };
}
