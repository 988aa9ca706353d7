// Finds a preset by the name of its network or by the path of its file.

import { readdir, readFile } from "node:fs/promises";
import type { LedgerHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { errorCode, fileError, requireEnding } from "@forklift/system";
import type { Network } from "./network.ts";
import { genesisOfPreset, parsePreset } from "./preset.ts";

const PRESETS = new URL("../presets/", import.meta.url);

/** The networks that forklift knows out of the box. */
async function knownNetworks(): Promise<string[]> {
  const files = await readdir(PRESETS);
  return files.map((file) => file.replace(/\.yaml$/, "")).sort();
}

export function isPresetPath(nameOrPath: unknown): nameOrPath is string {
  return typeof nameOrPath === "string" && /\/|\.yaml$/.test(nameOrPath);
}

/**
 * @param nameOrPath `mainnet`, or the path of a preset file: anything with a slash or `.yaml`.
 * @throws ConfigError when there is no such preset.
 */
export async function loadNetwork(nameOrPath: string): Promise<Network> {
  const file = isPresetPath(nameOrPath) ? nameOrPath : new URL(`${nameOrPath}.yaml`, PRESETS);
  if (typeof file === "string") await requireEnding(file);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT") throw fileError(cause, `read network preset ${nameOrPath}`);
    const known = (await knownNetworks()).join(", ");
    throw new ConfigError(`there is no network preset ${nameOrPath}; known: ${known}`, {
      cause,
      hint: "name one of them, or give the path of a preset file",
    });
  }
  return parsePreset(text, `network preset ${nameOrPath}`);
}

/** The name of the known network that begins with a ledger; null for none. */
export async function networkOfLedger(ledgerHash: LedgerHash): Promise<string | null> {
  for (const name of await knownNetworks()) {
    if ((await loadNetwork(name)).genesis.ledgerHash === ledgerHash) return name;
  }
  return null;
}

/** Whether a known network has the account in front of its genesis ledger. */
export async function isKnownWinner(publicKey: string): Promise<boolean> {
  for (const name of await knownNetworks()) {
    if ((await loadNetwork(name)).genesis.winner.publicKey === publicKey) return true;
  }
  return false;
}

/** The known network that begins with the given block; null when none does. */
export async function findNetworkOfGenesis(stateHash: string): Promise<Network | null> {
  for (const name of await knownNetworks()) {
    const text = await readFile(new URL(`${name}.yaml`, PRESETS), "utf8");
    if (genesisOfPreset(text) === stateHash) return parsePreset(text, `network preset ${name}`);
  }
  return null;
}

/** @throws ConfigError when no known network begins with the given block. */
export async function networkOfGenesis(stateHash: string): Promise<Network> {
  const network = await findNetworkOfGenesis(stateHash);
  if (network !== null) return network;
  const known = (await knownNetworks()).join(", ");
  throw new ConfigError(
    `no network preset begins with genesis block ${stateHash}; known: ${known}`,
    { hint: "give --network with the path of a preset file" },
  );
}
