// Makes a preset from a genesis ledger and the constants that a network was started with: the protocol
// state of its first block follows from them, and with it the state hash.

import {
  FormatError,
  type PublicKey,
  parsePublicKey,
  parseUnsigned,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import {
  deriveGenesisState,
  encodeProtocolState,
  hashProtocolState,
  Ledger,
  nameDocument,
  newAccount,
  type ProtocolConstants,
  type SignatureKind,
} from "@forklift/ledger";
import { SourceDataError, UsageError } from "@forklift/pipeline";
import { stringify } from "yaml";
import { readForkPoint } from "./fork-genesis.ts";
import { readGenesisLedger } from "./genesis-ledger.ts";
import type { Network } from "./network.ts";
import { decodePreset } from "./preset.ts";

/** What is not given is taken from the file's `genesis`, and what is not there either as on mainnet. */
export interface DeriveOptions {
  readonly name: string;
  /** A runtime configuration of the network's first daemon. */
  readonly genesisLedger: string;
  /** Of the first block, as a date with its time zone. */
  readonly genesisTimestamp?: string;
  readonly k?: bigint;
  readonly delta?: bigint;
  readonly slotsPerEpoch?: bigint;
  readonly slotsPerSubWindow?: bigint;
  readonly winner?: PublicKey;
  /** Nanomina. */
  readonly winnerBalance?: bigint;
  /** The published configuration of the fork, which names the last block before it. */
  readonly forkConfig?: string;
  /** What a preset of that name has where nobody says. */
  readonly signatureKind?: SignatureKind;
  /** Places of dumps and of precomputed blocks, as a preset names them. */
  readonly dumps?: string;
  readonly blocks?: string;
}

export interface DerivedPreset {
  /** YAML, to be written to a file. */
  readonly text: string;
  readonly network: Network;
  readonly accounts: number;
}

/** Every daemon of protocol 1.x was built with this account in front of the listed ones. */
const WINNER = {
  publicKey: parsePublicKey("B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg"),
  balance: 1_000n,
};

/** Mainnet's, as most networks have them. */
const CONSTANTS = { k: 290n, delta: 0n, slotsPerEpoch: 7_140n, slotsPerSubWindow: 7n };

type ConstantName = keyof typeof CONSTANTS;

const NAMES_IN_FILE: Readonly<Record<ConstantName, string>> = {
  k: "k",
  delta: "delta",
  slotsPerEpoch: "slots_per_epoch",
  slotsPerSubWindow: "slots_per_sub_window",
};

/**
 * @throws SourceDataError when the ledger cannot be read or is not one that a chain begins with,
 * UsageError when neither it nor the options say when the network began, ConfigError for a name that no
 * preset can have.
 */
export async function derivePreset(options: DeriveOptions): Promise<DerivedPreset> {
  const { name, genesisLedger: url, winner = WINNER.publicKey, winnerBalance } = options;
  const first = newAccount(winner, winnerBalance ?? WINNER.balance);
  const { json, accounts } = await readGenesisLedger(url, first, name);
  requireBeginning(json, url);
  const ledger = new Ledger(accounts);
  const protocolState = deriveGenesisState({
    ledgerHash: ledger.ledgerHash(),
    totalCurrency: accounts.reduce((sum, { balance }) => sum + balance, 0n),
    winner,
    constants: constantsOf(options, json),
  });
  const { forkConfig, signatureKind, dumps, blocks } = options;
  const fork = forkConfig === undefined ? null : await readForkPoint(forkConfig);
  const preset = {
    name,
    ...(signatureKind !== undefined && { signatureKind }),
    genesis: {
      derived: true,
      stateHash: hashProtocolState(protocolState),
      ledgerHash: ledger.ledgerHash(),
      ...(isFetchable(url) && { ledgerUrl: url }),
      winner: { publicKey: winner, balance: `${first.balance}` },
      protocolState: encodeProtocolState(protocolState),
    },
    ...(dumps !== undefined && { dumps: { url: dumps } }),
    ...(blocks !== undefined && { blocks: { url: blocks } }),
    ...(fork !== null && {
      lastPreForkBlock: { height: Number(fork.height), stateHash: fork.stateHash },
    }),
  };
  const network = decodePreset(preset, `the derived preset of ${name}`);
  return {
    text: `${HEAD}${stringify(preset, { lineWidth: 0 })}`,
    network,
    accounts: accounts.length,
  };
}

const HEAD =
  "# Derived by forklift network derive from a genesis ledger and constants. The first archive or block of\n" +
  "# the network that forklift meets confirms the state hash, or shows that one of them is another's.\n\n";

/** What a configuration may name for everybody who reads the preset, wherever that is. */
function isFetchable(url: string): boolean {
  return /^https?:/.test(url);
}

/** A ledger of some later block begins no chain. */
function requireBeginning(json: unknown, url: string): void {
  const named = nameDocument(json);
  const isLater = named !== null && /checkpoint|output|fork/.test(named.name);
  if (!isLater) return;
  throw new SourceDataError(`genesis ledger ${url}: it is ${named.name}`, {
    hint: "give the configuration that the network was first started with",
  });
}

function constantsOf(options: DeriveOptions, json: unknown): ProtocolConstants {
  const listed = ((json as { readonly genesis?: unknown }).genesis ?? {}) as Readonly<
    Record<string, unknown>
  >;
  const constant = (name: ConstantName): bigint => {
    const inFile = listed[NAMES_IN_FILE[name]];
    if (options[name] !== undefined || inFile === undefined)
      return options[name] ?? CONSTANTS[name];
    return numberOf(inFile, `genesis.${NAMES_IN_FILE[name]}`, options.genesisLedger);
  };
  return {
    k: constant("k"),
    delta: constant("delta"),
    slotsPerEpoch: constant("slotsPerEpoch"),
    slotsPerSubWindow: constant("slotsPerSubWindow"),
    genesisStateTimestamp: timestampOf(options, listed["genesis_state_timestamp"]),
  };
}

function numberOf(value: unknown, key: string, url: string): bigint {
  try {
    return parseUnsigned(String(value), UINT32_MAX);
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new SourceDataError(`genesis ledger ${url}: ${key}: ${cause.message}`, {
      cause,
      hint: "mend it there, or give the constant as an option",
    });
  }
}

/** Milliseconds since 1970. */
function timestampOf({ genesisTimestamp, genesisLedger }: DeriveOptions, inFile: unknown): bigint {
  const text = genesisTimestamp ?? inFile;
  if (text === undefined) {
    throw new UsageError(
      `${genesisLedger} has no genesis.genesis_state_timestamp, and --genesis-timestamp is not given`,
      { hint: "give --genesis-timestamp, such as 2021-09-24T00:00:00Z" },
    );
  }
  const parsed = typeof text === "string" && hasZone(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(parsed) || parsed < 0) {
    const where =
      genesisTimestamp === undefined ? "genesis.genesis_state_timestamp" : "--genesis-timestamp";
    throw new UsageError(
      `${where} is ${JSON.stringify(text)}, expected a date with a time and its zone`,
      {
        hint: "give --genesis-timestamp, such as 2021-09-24T00:00:00Z",
      },
    );
  }
  return parseUnsigned(`${parsed}`, UINT64_MAX);
}

/** Without a zone a date would be that of the machine at hand. */
function hasZone(text: string): boolean {
  return /(Z|[+-][0-9]{2}:?[0-9]{2})$/.test(text.trim());
}
