// Finds a preset by the name of its network or by the path of its file.

import { readdir, readFile } from "node:fs/promises";
import { ConfigError } from "@forklift/pipeline";
import type { Network } from "./network.ts";
import { genesisOfPreset, parsePreset } from "./preset.ts";

const PRESETS = new URL("../presets/", import.meta.url);

/** The networks that forklift knows out of the box. */
export async function knownNetworks(): Promise<string[]> {
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
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
    const known = (await knownNetworks()).join(", ");
    throw new ConfigError(`there is no network preset ${nameOrPath}; known: ${known}`, {
      cause,
      hint: "name one of them, or give the path of a preset file",
    });
  }
  return parsePreset(text, `network preset ${nameOrPath}`);
}

/**
 * The known network that begins with the given block.
 * @throws ConfigError when none does.
 */
export async function networkOfGenesis(stateHash: string): Promise<Network> {
  const names = await knownNetworks();
  for (const name of names) {
    const text = await readFile(new URL(`${name}.yaml`, PRESETS), "utf8");
    if (genesisOfPreset(text) === stateHash) return parsePreset(text, `network preset ${name}`);
  }
  throw new ConfigError(
    `no network preset begins with genesis block ${stateHash}; known: ${names.join(", ")}`,
    { hint: "give --network with the path of a preset file" },
  );
}
