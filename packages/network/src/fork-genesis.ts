// Compares the published configuration of the chain after the fork with the ledger we have: its
// ledger hash, the block that it forks from, and its accounts where it lists them.

import {
  type Account,
  type BlockRef,
  FormatError,
  formatErrorAt,
  type LedgerHash,
  parseLedgerHash,
  parseStateHash,
  parseUnsigned,
  UINT32_MAX,
} from "@forklift/chain";
import {
  compareAccounts,
  type Ledger,
  LedgerJson,
  nameDocument,
  otherDocument,
  withWinner,
} from "@forklift/ledger";
import { ConfigError, SourceDataError, VerificationError } from "@forklift/pipeline";
import { openObject } from "@forklift/storage";

/** What a configuration says that we have otherwise. */
export interface ForkGenesisDifference {
  /** A path in the configuration; of an account, its key and field. */
  readonly what: string;
  /** In the configuration. */
  readonly expected: string;
  /** On our side. */
  readonly found: string;
}

export interface ForkGenesisComparison {
  readonly ok: boolean;
  /** Null when the configuration names none. */
  readonly publishedLedgerHash: LedgerHash | null;
  readonly berkeleyLedgerHash: LedgerHash;
  /** Accounts that it lists; 0 when it names their hash only. */
  readonly accountsCompared: number;
  readonly differenceCount: number;
  /** The first of them. */
  readonly differences: readonly ForkGenesisDifference[];
}

/** Our side: the ledger after the last pre-fork block. */
export interface ForkedLedger {
  readonly tip: BlockRef;
  readonly berkeleyLedgerHash: LedgerHash;
  /** Read when the configuration lists accounts. */
  readonly ledger: () => Promise<Ledger>;
  /** Stands in front where the configuration leaves it to its reader. */
  readonly winner: Account;
}

/** Enough to see what kind of a difference it is. */
const DIFFERENCES_SHOWN_MAX = 20;

/**
 * Reads the configuration once, account by account: besides our ledger it takes a byte for each of
 * ours and what stands around its accounts, however large it is.
 * @throws SourceDataError when the file is missing, truncated or no configuration, ConfigError when
 * it says nothing that could be compared.
 */
export async function compareForkGenesis(
  url: string,
  { tip, berkeleyLedgerHash, ledger, winner }: ForkedLedger,
): Promise<ForkGenesisComparison> {
  const { json, accounts } = await decodeOrRefuse(url, async () => {
    const document = new LedgerJson((await openObject(url)).stream);
    const listed = withWinner(document, winner);
    const first = await listed.next();
    if (first.done === true) return { json: document.rest(), accounts: null };
    const all = followedBy(first.value, listed);
    const compared = await compareAccounts(await ledger(), all, DIFFERENCES_SHOWN_MAX);
    return { json: document.rest(), accounts: compared };
  });
  const published = await decodeOrRefuse(url, () => Promise.resolve(claimsOf(json)));
  const differences: ForkGenesisDifference[] = [];
  const compare = (what: string, expected: string | null, found: string) => {
    if (expected !== null && expected !== found) differences.push({ what, expected, found });
  };
  compare("ledger.hash", published.ledgerHash, berkeleyLedgerHash);
  compare("proof.fork.state_hash", published.fork?.stateHash ?? null, tip.stateHash);
  compare("proof.fork.blockchain_length", text(published.fork?.height), `${tip.height}`);
  if (published.ledgerHash === null && accounts === null) {
    const named = nameDocument(json)?.name;
    const what = named === undefined ? "" : `: it is ${named}`;
    throw new ConfigError(
      `${url} has neither ledger.hash nor ledger.accounts to compare with${what}`,
      {
        hint: "give the genesis configuration that was published for the fork",
      },
    );
  }
  const inAccounts = [...(accounts?.differences ?? []), ...(accounts?.misplaced ?? [])].map(
    ({ publicKey, field, expected, found }) => ({
      what: `account ${publicKey} ${field}`,
      expected,
      found,
    }),
  );
  const differenceCount =
    differences.length + (accounts?.differingAccounts ?? 0) + (accounts?.misplacedAccounts ?? 0);
  return {
    ok: differenceCount === 0,
    publishedLedgerHash: published.ledgerHash,
    berkeleyLedgerHash,
    accountsCompared: accounts?.compared ?? 0,
    differenceCount,
    differences: [...differences, ...inAccounts].slice(0, DIFFERENCES_SHOWN_MAX),
  };
}

/** @throws VerificationError naming the first differences, unless there are none. */
export function requireForkGenesis(url: string, comparison: ForkGenesisComparison): void {
  const { ok, differences, differenceCount } = comparison;
  if (ok) return;
  const named = differences.map(
    ({ what, expected, found }) => `${what} is ${found}, expected ${expected}`,
  );
  const more = differenceCount - named.length;
  throw new VerificationError(
    `the ledger is not that of the fork configuration ${url}: ${named.join("; ")}` +
      (more > 0 ? `; and ${more} more` : ""),
    {
      hint:
        "compare the tip with proof.fork first: a ledger of another block differs in many accounts; " +
        "forklift checkpoint diff lists all of them",
      details: { forkGenesis: comparison },
    },
  );
}

/** The last block before the fork, as a published configuration names it. */
export interface ForkPoint extends BlockRef {
  /** Of the block that the new chain begins with, not of this one; null where it is not named. */
  readonly forkGenesisSlot: bigint | null;
}

interface Claims {
  readonly ledgerHash: LedgerHash | null;
  readonly fork: ForkPoint | null;
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The last block before the fork, as the published configuration names it.
 * @throws SourceDataError when the file is no such configuration.
 */
export async function readForkPoint(url: string): Promise<ForkPoint> {
  return await decodeOrRefuse(url, async () => {
    const json = await readAroundAccounts(url);
    const { fork } = claimsOf(json);
    if (fork !== null) return fork;
    throw otherDocument(nameDocument(json)!, "a configuration with proof.fork");
  });
}

/**
 * The same; null when the configuration does not say which block it forks from.
 * @throws SourceDataError when the file is missing, truncated or no configuration.
 */
export async function findForkPoint(url: string): Promise<ForkPoint | null> {
  return await decodeOrRefuse(url, async () => claimsOf(await readAroundAccounts(url)).fork);
}

async function readAroundAccounts(url: string): Promise<JsonObject> {
  const document = new LedgerJson((await openObject(url)).stream);
  for await (const _account of document.accounts());
  return document.rest();
}

function claimsOf(json: JsonObject): Claims {
  const ledger = json["ledger"] as JsonObject | undefined;
  if (typeof ledger !== "object" || ledger === null) {
    const named = nameDocument(json);
    if (named !== null) throw otherDocument(named, "a configuration with ledger and proof.fork");
    throw new FormatError('key "ledger" is missing');
  }
  const hash = ledger["hash"] ?? null;
  const fork = ((json["proof"] as JsonObject | undefined)?.["fork"] ?? null) as JsonObject | null;
  return {
    ledgerHash: hash === null ? null : parsed("ledger.hash", hash, parseLedgerHash),
    fork: fork && {
      stateHash: parsed("proof.fork.state_hash", fork["state_hash"], parseStateHash),
      height: parsed("proof.fork.blockchain_length", fork["blockchain_length"], (digits) =>
        parseUnsigned(digits, UINT32_MAX),
      ),
      forkGenesisSlot: slotOf(fork["global_slot_since_genesis"]),
    },
  };
}

function slotOf(json: unknown): bigint | null {
  if (json === undefined || json === null) return null;
  return parsed("proof.fork.global_slot_since_genesis", json, (digits) =>
    parseUnsigned(digits, UINT32_MAX),
  );
}

function parsed<Value>(path: string, json: unknown, parse: (text: string) => Value): Value {
  try {
    return parse(String(json));
  } catch (error) {
    throw formatErrorAt(path, error);
  }
}

function text(value: bigint | undefined): string | null {
  return value === undefined ? null : `${value}`;
}

async function* followedBy(first: unknown, rest: AsyncIterable<unknown>): AsyncGenerator<unknown> {
  yield first;
  yield* rest;
}

async function decodeOrRefuse<Value>(url: string, decode: () => Promise<Value>): Promise<Value> {
  try {
    return await decode();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`fork configuration ${url}: ${cause.message}`, {
      cause,
      hint: cause.hint ?? "give the genesis configuration that was published for the fork, as JSON",
    });
  }
}
