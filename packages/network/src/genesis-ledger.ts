// Loads a genesis ledger and accepts it only when its ledger hash is the genesis block's.

import { type Account, FormatError, type LedgerHash, parseJson } from "@forklift/chain";
import {
  decodeGenesisLedger,
  Ledger,
  LISTED_LEDGER,
  nameDocument,
  requireObjectBytes,
} from "@forklift/ledger";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { openObject, readAll } from "@forklift/storage";
import { networkOfLedger } from "./load-network.ts";
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
 * @throws ConfigError when the file is the genesis ledger of another network, or another file.
 */
export async function loadGenesisLedger(network: Network, url: string): Promise<GenesisLedger> {
  const where = `genesis ledger ${url}`;
  const { json, accounts } = await readGenesisLedger(url, network.genesis.winner, network.name);
  const ledger = new Ledger(accounts);
  const ledgerHash = ledger.ledgerHash();
  if (ledgerHash !== network.genesis.ledgerHash) {
    throw await otherLedger(where, { network, json, accounts, ledgerHash });
  }
  return { accounts, leafHashes: ledger.leafHashes(), ledgerHash };
}

/** The file and its accounts, whichever network's they are. @throws SourceDataError */
export async function readGenesisLedger(
  url: string,
  winner: Account,
  network: string,
): Promise<{ readonly json: unknown; readonly accounts: readonly Account[] }> {
  return await decodeOrRefuse(`genesis ledger ${url}`, network, async () => {
    const json = await readJson(url);
    return { json, accounts: decodeGenesisLedger(json, winner) };
  });
}

async function readJson(url: string): Promise<unknown> {
  const body = await readAll(await openObject(url), GENESIS_LEDGER_BYTES_MAX);
  requireObjectBytes(body, LISTED_LEDGER);
  return parseJson(body.toString("utf8"));
}

async function decodeOrRefuse<Value>(
  where: string,
  network: string,
  decode: () => Promise<Value>,
): Promise<Value> {
  try {
    return await decode();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`${where}: ${cause.message}`, {
      cause,
      hint:
        cause.hint ??
        `give the genesis ledger of ${network}: a configuration that lists its accounts in ledger.accounts`,
    });
  }
}

interface OtherLedger {
  readonly network: Network;
  readonly json: unknown;
  readonly accounts: readonly Account[];
  readonly ledgerHash: LedgerHash;
}

/** A ledger that can be read, and is not the network's: what it is, where that can be told. */
async function otherLedger(where: string, other: OtherLedger): Promise<ConfigError> {
  const { network, ledgerHash } = other;
  const { name, genesis } = network;
  const { what, hint } = await whatItIs(other);
  return new ConfigError(
    `${where} has ledger hash ${ledgerHash}, but the genesis block of ${name} has ` +
      `${genesis.ledgerHash}${what === null ? "" : `: it is ${what}`}`,
    { hint: hint ?? `give the genesis ledger of ${name}` },
  );
}

async function whatItIs({
  network,
  json,
  accounts,
  ledgerHash,
}: OtherLedger): Promise<{ readonly what: string | null; readonly hint?: string }> {
  const { winner, ledgerHash: expected } = network.genesis;
  const isListed = accounts.some(({ publicKey }) => publicKey === winner.publicKey);
  if (!isListed && new Ledger([winner, ...accounts]).ledgerHash() === expected) {
    return {
      what: `that ledger without the genesis winner ${winner.publicKey}`,
      hint: "take add_genesis_winner: false out of the file, or list the winner first",
    };
  }
  const known = await networkOfLedger(ledgerHash);
  if (known !== null) {
    return {
      what: `the genesis ledger of ${known}`,
      hint: `give the genesis ledger of ${network.name}, or name the network ${known}`,
    };
  }
  return { what: nameDocument(json)?.name ?? null };
}
