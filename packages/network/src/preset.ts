// Reads a preset, the YAML file that describes a network, and recomputes its genesis state hash.

import {
  parseLedgerHash,
  parsePublicKey,
  parseStateHash,
  parseUnsigned,
  UINT64_MAX,
} from "@forklift/chain";
import { decodeProtocolState, hashProtocolState, newAccount } from "@forklift/ledger";
import { ConfigError } from "@forklift/pipeline";
import { issuesText, parsedText, parsedValue } from "@forklift/system";
import { parse } from "yaml";
import { z } from "zod";
import type { Network } from "./network.ts";

const stateHash = parsedText(parseStateHash);

const height = z.int().positive().transform(BigInt);

/** A store, as a configuration names one. */
const place = z
  .string()
  .regex(
    /^((gs|https?):\/\/[^/?#]|file:\/\/\/)/,
    "expected gs://bucket, https://host or file:///folder",
  );

/**
 * Where a preset says nothing. At a fork the network goes on for 100 slots after its last transactions and then
 * stops, of which some 75 have a block: the 290 after which a block is final are never reached.
 */
const MIN_CONFIRMATIONS = 20;

/** The preset as it is written; unknown keys are errors, since a misspelt one would be silent. */
const presetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  /** Where it is left out: mainnet's on mainnet, and what every other network was built with elsewhere. */
  signatureKind: z.enum(["mainnet", "testnet"]).optional(),
  genesis: z.strictObject({
    /** Set where the state follows from the ledger and the constants, and no public source names it. */
    derived: z.boolean().default(false),
    stateHash: stateHash.nullable(),
    /** Said for people: the protocol state has it, too, and both must agree. */
    ledgerHash: parsedText(parseLedgerHash).optional(),
    ledgerUrl: place.optional(),
    winner: z
      .strictObject({
        publicKey: parsedText(parsePublicKey),
        balance: parsedText((text) => parseUnsigned(text, UINT64_MAX)),
      })
      .nullable(),
    protocolState: parsedValue(decodeProtocolState).nullable(),
  }),
  dumps: z.strictObject({ url: place.optional(), prefix: z.string().optional() }).default({}),
  blocks: z
    .strictObject({
      url: place.optional(),
      faults: z
        .array(
          z.strictObject({
            first: height,
            last: height,
            reason: z.string().min(1),
            instead: z.string().min(1).optional(),
          }),
        )
        .default([]),
    })
    .prefault({}),
  lastPreForkBlock: z
    .strictObject({
      height,
      stateHash,
      globalSlotSinceGenesis: z.int().positive().transform(BigInt).optional(),
    })
    .optional(),
  final: z
    .strictObject({ minConfirmations: z.int().nonnegative().default(MIN_CONFIRMATIONS) })
    .prefault({}),
  forkGenesis: z
    .strictObject({
      stateHash,
      globalSlotSinceGenesis: z.int().positive().transform(BigInt),
      ledgerHash: parsedText(parseLedgerHash).optional(),
    })
    .optional(),
  ledgerHashExceptions: z
    .array(
      z.strictObject({
        reason: z.string().min(1),
        slots: z.array(z.int().nonnegative().transform(BigInt)).min(1),
        stateHashes: z.array(stateHash).min(1),
      }),
    )
    .default([]),
});

type Preset = z.infer<typeof presetSchema>;

/**
 * A preset as a value, be it from a file or written inline in a configuration.
 * @throws ConfigError naming the key, or both hashes when the genesis state hashes to another.
 */
export function decodePreset(value: unknown, where: string): Network {
  const result = presetSchema.safeParse(value);
  if (!result.success) {
    throw new ConfigError(`${where} is not a network preset: ${issuesText(result.error)}`, {
      hint: presetHint(where),
    });
  }
  const { name, dumps, blocks, lastPreForkBlock, forkGenesis, final, ledgerHashExceptions } =
    result.data;
  const genesis = completeGenesis(result.data, where);
  return {
    name,
    signatureKind: result.data.signatureKind ?? (name === "mainnet" ? "mainnet" : "testnet"),
    genesis: {
      isDerived: genesis.derived,
      stateHash: genesis.stateHash,
      ledgerHash: genesis.ledgerHash,
      ledgerUrl: genesis.ledgerUrl ?? null,
      winner: newAccount(genesis.winner.publicKey, genesis.winner.balance),
      protocolState: genesis.protocolState,
    },
    dumps: { url: dumps.url ?? null, prefix: dumps.prefix ?? `${name}-archive-dump` },
    blocks: {
      url: blocks.url ?? null,
      faults: blocks.faults.map((fault) => ({ ...fault, instead: fault.instead ?? null })),
    },
    lastPreForkBlock: lastPreForkBlock ?? null,
    forkGenesis:
      forkGenesis === undefined
        ? null
        : { ...forkGenesis, ledgerHash: forkGenesis.ledgerHash ?? null },
    final,
    ledgerHashExceptions: new Map(
      ledgerHashExceptions.flatMap(({ reason, slots, stateHashes }) =>
        stateHashes.map((hash) => [hash, { reason, slots: new Set(slots) }] as const),
      ),
    ),
  };
}

/**
 * A value without a trusted source stays empty in a preset, so that nobody takes it for known.
 * @throws ConfigError naming what is empty, or the hashes that do not agree.
 */
function completeGenesis({ name, genesis }: Preset, where: string) {
  const { stateHash, winner, protocolState } = genesis;
  if (stateHash === null || winner === null || protocolState === null) {
    const empty = Object.entries({ stateHash, winner, protocolState })
      .filter(([, value]) => value === null)
      .map(([key]) => `genesis.${key}`);
    throw new ConfigError(
      `${where} is not complete: no public source establishes ${empty.join(", ")} of ${name}`,
      { hint: "forklift network derive computes them from the network's genesis ledger" },
    );
  }
  const recomputed = hashProtocolState(protocolState);
  if (recomputed !== stateHash) {
    throw new ConfigError(
      `${where}: the genesis protocol state hashes to ${recomputed}, expected ${stateHash}`,
      { hint: "correct genesis.protocolState or genesis.stateHash, which must be of one block" },
    );
  }
  const ledgerHash = protocolState.body.blockchainState.genesisLedgerHash;
  if (genesis.ledgerHash !== undefined && genesis.ledgerHash !== ledgerHash) {
    throw new ConfigError(
      `${where}: the genesis protocol state has ledger hash ${ledgerHash}, ` +
        `expected ${genesis.ledgerHash}`,
      { hint: "correct genesis.ledgerHash, or leave it out: the protocol state has it" },
    );
  }
  return { ...genesis, stateHash, winner, protocolState, ledgerHash };
}

/** @throws ConfigError when the text is not YAML or not a preset. */
export function parsePreset(text: string, where: string): Network {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new ConfigError(`${where} is not YAML: ${(cause as Error).message}`, {
      cause,
      hint: presetHint(where),
    });
  }
  return decodePreset(value, where);
}

function presetHint(where: string): string {
  return `mend ${where}; the presets that forklift brings, such as mainnet.yaml, show every key`;
}

/** The state hash of a preset's genesis block, even if the rest of it is empty; null for none. */
export function genesisOfPreset(text: string): string | null {
  const value = parse(text) as { readonly genesis?: { readonly stateHash?: unknown } } | null;
  const found = value?.genesis?.stateHash;
  return typeof found === "string" ? found : null;
}
