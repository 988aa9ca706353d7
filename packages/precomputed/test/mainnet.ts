// Blocks 2 to 2025 of mainnet with their orphans, as a bundle, and names and bytes of its members.

import { existsSync, linkSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { mainnetBlocks } from "@forklift/testkit";
import type { BlockId } from "../src/verify/block-source.ts";

const shared = process.env["FORKLIFT_SHARED"] ?? resolve(import.meta.dirname, "../../../../shared");
const folder = join(shared, "data/mainnet");

export const BUNDLE = join(folder, "precomputed-blocks-2-2025.tar.gz");
export const BLOCK_COUNT = 3915;

/** Where the data must be, the tests run and fail without it. */
export const isMissing = !existsSync(BUNDLE) && process.env["CI"] === undefined;

/** Height 1, which no public bucket holds. */
export function genesisFile(): string {
  return join(folder, readdirSync(folder).find((name) => name.startsWith("mainnet-1-"))!);
}

/** The files are those of all tests, by other names: to be read, never to be written over. */
export async function unpackBundle(into: string): Promise<void> {
  const all = await mainnetBlocks();
  for (const name of readdirSync(all)) linkSync(join(all, name), join(into, name));
}

export function idsIn(unpacked: string): BlockId[] {
  return readdirSync(unpacked).map((name) => {
    const { height, stateHash } = parseBlockFileName(name)!;
    return { height, stateHash };
  });
}

export const bytesOf = (path: string) => new Uint8Array(readFileSync(path));
