// Loads a genesis ledger and believes it only when its ledger hash is the genesis block's.

import { type Account, FormatError, type LedgerHash } from "@forklift/chain";
import { decodeGenesisLedger, Ledger } from "@forklift/ledger";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { openObject, readAll } from "@forklift/storage";
import type { Network } from "./network.ts";

/** The accounts of the genesis block in ledger order, with the hashes of their leaves. */
export interface GenesisLedger {
  readonly accounts: readonly Account[];
  /** 32 bytes for each account, in their order. */
  readonly leafHashes: Uint8Array;
  readonly ledgerHash: LedgerHash;
}

/** Mainnet's file has 0.4 MB; the bound keeps a wrong URL from filling the memory. */
const GENESIS_LEDGER_BYTES_MAX = 256 * 1024 * 1024;

/**
 * @param url a runtime configuration of the daemon, with `ledger.accounts`.
 * @throws ConfigError when the file is the genesis ledger of another network.
 */
export async function loadGenesisLedger(network: Network, url: string): Promise<GenesisLedger> {
  const accounts = decodeAccounts(await readJson(url), network, url);
  const ledger = new Ledger(accounts);
  const ledgerHash = ledger.ledgerHash();
  if (ledgerHash !== network.genesis.ledgerHash) {
    throw new ConfigError(
      `genesis ledger ${url} has ledger hash ${ledgerHash}, but the genesis block of ` +
        `${network.name} has ${network.genesis.ledgerHash}`,
      { hint: `give the genesis ledger of ${network.name}` },
    );
  }
  return { accounts, leafHashes: ledger.leafHashes(), ledgerHash };
}

async function readJson(url: string): Promise<unknown> {
  const body = await readAll(await openObject(url), GENESIS_LEDGER_BYTES_MAX);
  try {
    return JSON.parse(body.toString("utf8"));
  } catch (cause) {
    throw new SourceDataError(`genesis ledger ${url} is not JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function decodeAccounts(json: unknown, network: Network, url: string): Account[] {
  try {
    return decodeGenesisLedger(json, network.genesis.winner);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`genesis ledger ${url}: ${cause.message}`, { cause });
  }
}
