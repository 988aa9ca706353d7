// Reads a preset, the YAML file that describes a network, and recomputes its genesis state hash.

import {
  FormatError,
  parsePublicKey,
  parseStateHash,
  parseUnsigned,
  UINT64_MAX,
} from "@forklift/chain";
import { decodeProtocolState, hashProtocolState, newAccount } from "@forklift/ledger";
import { ConfigError } from "@forklift/pipeline";
import { parse } from "yaml";
import { z } from "zod";
import type { Network } from "./network.ts";

/** A text that one of the chain's parsers accepts. */
function parsed<Value>(parser: (text: string) => Value) {
  return z.string().transform((text, context) => {
    try {
      return parser(text);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
}

const stateHash = parsed(parseStateHash);

/** The preset as it is written; unknown keys are errors, since a misspelt one would be silent. */
const presetSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9][a-z0-9-]*$/, "lower-case letters, digits and hyphens"),
  genesis: z.strictObject({
    stateHash,
    ledgerUrl: z.url().optional(),
    winner: z.strictObject({
      publicKey: parsed(parsePublicKey),
      balance: parsed((text) => parseUnsigned(text, UINT64_MAX)),
    }),
    protocolState: parsedState(),
  }),
  lastPreForkBlock: z
    .strictObject({ height: z.int().positive().transform(BigInt), stateHash })
    .optional(),
  ledgerHashExceptions: z
    .array(z.strictObject({ reason: z.string().min(1), stateHashes: z.array(stateHash).min(1) }))
    .default([]),
});

function parsedState() {
  return z.unknown().transform((json, context) => {
    try {
      return decodeProtocolState(json);
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
      return z.NEVER;
    }
  });
}

/**
 * A preset as a value, be it from a file or written inline in a configuration.
 * @throws ConfigError naming the key, or both hashes when the genesis state hashes to another.
 */
export function decodePreset(value: unknown, where: string): Network {
  const result = presetSchema.safeParse(value);
  if (!result.success) {
    throw new ConfigError(`${where} is not a network preset: ${z.prettifyError(result.error)}`);
  }
  const { name, genesis, lastPreForkBlock, ledgerHashExceptions } = result.data;
  const recomputed = hashProtocolState(genesis.protocolState);
  if (recomputed !== genesis.stateHash) {
    throw new ConfigError(
      `${where}: the genesis protocol state hashes to ${recomputed}, expected ${genesis.stateHash}`,
    );
  }
  return {
    name,
    genesis: {
      stateHash: genesis.stateHash,
      ledgerHash: genesis.protocolState.body.blockchainState.genesisLedgerHash,
      ledgerUrl: genesis.ledgerUrl ?? null,
      winner: newAccount(genesis.winner.publicKey, genesis.winner.balance),
      protocolState: genesis.protocolState,
    },
    lastPreForkBlock: lastPreForkBlock ?? null,
    ledgerHashExceptions: new Map(
      ledgerHashExceptions.flatMap(({ reason, stateHashes }) =>
        stateHashes.map((hash) => [hash, reason] as const),
      ),
    ),
  };
}

/** @throws ConfigError when the text is not YAML or not a preset. */
export function parsePreset(text: string, where: string): Network {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new ConfigError(`${where} is not YAML: ${(cause as Error).message}`, { cause });
  }
  return decodePreset(value, where);
}
