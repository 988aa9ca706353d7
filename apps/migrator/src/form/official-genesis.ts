// The genesis row as the official tool writes it, from a file: a Berkeley daemon computes these values,
// and they cannot be computed elsewhere. What can be compared with the network is compared.

import {
  parseEpochSeed,
  parseJson,
  parseLedgerHash,
  parseStateHash,
  parseUnsigned,
  UINT32_MAX,
  UINT64_MAX,
} from "@forklift/chain";
import type { Network } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import { openObject, readAll } from "@forklift/storage";
import { issuesText, parsedText } from "@forklift/system";
import { z } from "zod";
import type { OfficialGenesis, OutputForm } from "./output-form.ts";

/** The file has about 1 kB. */
const FILE_BYTES_MAX = 64 * 1024;

const epochSchema = z.strictObject({
  seed: parsedText(parseEpochSeed),
  ledgerHash: parsedText(parseLedgerHash),
  totalCurrency: parsedText((text) => parseUnsigned(text, UINT64_MAX)),
  startCheckpoint: parsedText(parseStateHash),
  lockCheckpoint: parsedText(parseStateHash),
  epochLength: parsedText((text) => parseUnsigned(text, UINT32_MAX)),
});

const fileSchema = z.strictObject({
  stateHash: parsedText(parseStateHash),
  snarkedLedgerHash: parsedText(parseLedgerHash),
  lastVrfOutput: z.string().regex(/^[A-Za-z0-9_-]{43}=$/, "base64 of 32 bytes, URL alphabet"),
  stakingEpochData: epochSchema,
  nextEpochData: epochSchema,
});

/** As a configuration or a command line sets it. */
export async function outputForm(
  asked: { readonly vrfOutput: boolean; readonly genesis?: string | undefined },
  network: Network,
): Promise<OutputForm> {
  return {
    isVrfOutputOfficial: asked.vrfOutput,
    officialGenesis:
      asked.genesis === undefined ? null : await loadOfficialGenesis(asked.genesis, network),
  };
}

/** @throws ConfigError when the file is none of these, or the genesis of another network. */
async function loadOfficialGenesis(url: string, network: Network): Promise<OfficialGenesis> {
  const text = (await readAll(await openObject(url), FILE_BYTES_MAX)).toString("utf8");
  const refuse = (why: string, cause?: unknown) =>
    new ConfigError(`official genesis ${url}: ${why}`, {
      cause,
      hint: "docs/differences-from-official.md says how to take the file from an official archive",
    });
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (cause) {
    throw refuse((cause as Error).message, cause);
  }
  const official = officialGenesisOf(json, network);
  if (typeof official === "string") throw refuse(official);
  return official;
}

/** What an official archive's own row says, where it can be that; else why it cannot. */
export function officialGenesisOf(json: unknown, network: Network): OfficialGenesis | string {
  const result = fileSchema.safeParse(json);
  if (!result.success) return issuesText(result.error);
  const { stateHash, ...official } = result.data;
  const { genesis } = network;
  const { consensusState } = genesis.protocolState.body;
  const { stakingEpochData: staking, nextEpochData: next } = consensusState;
  const mustAgree: [name: string, found: unknown, expected: unknown][] = [
    ["stateHash", stateHash, genesis.stateHash],
    ["stakingEpochData.seed", official.stakingEpochData.seed, staking.seed],
    ...(["totalCurrency", "startCheckpoint", "epochLength"] as const).flatMap(
      (name): [string, unknown, unknown][] => [
        [
          `stakingEpochData.${name}`,
          official.stakingEpochData[name],
          name === "totalCurrency" ? staking.ledger.totalCurrency : staking[name],
        ],
        [
          `nextEpochData.${name}`,
          official.nextEpochData[name],
          name === "totalCurrency" ? next.ledger.totalCurrency : next[name],
        ],
      ],
    ),
    [
      "stakingEpochData.ledgerHash",
      official.stakingEpochData.ledgerHash,
      official.snarkedLedgerHash,
    ],
    ["nextEpochData.ledgerHash", official.nextEpochData.ledgerHash, official.snarkedLedgerHash],
  ];
  for (const [name, found, expected] of mustAgree) {
    if (found !== expected) return `${name} is ${found}, expected ${expected}`;
  }
  return official;
}
