// The rules that a verification asks by, as one digest: that of the code which decides. A mark of what other code has
// asked is not believed, whatever version that calls itself.

import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";

/** Besides the verifier: what it decodes, hashes and reads by. */
const PACKAGES = [
  "@forklift/chain",
  "@forklift/ledger",
  "@forklift/network",
  "@forklift/postgres",
  "@forklift/precomputed",
] as const;

/** 64 hex digits. It takes some milliseconds. */
export async function digestOfRules(): Promise<string> {
  const { resolve } = createRequire(import.meta.url);
  const folders = PACKAGES.map((name) => path.dirname(resolve(name)));
  return await digestOfCode([import.meta.dirname, ...folders]);
}

/** Of names and contents; wherever the folders lie. */
export async function digestOfCode(folders: readonly string[]): Promise<string> {
  const digest = createHash("sha256");
  for (const folder of folders) {
    const names = await readdir(folder, { recursive: true });
    for (const name of names.filter(isCode).sort()) {
      const content = await readFile(path.join(folder, name));
      digest.update(JSON.stringify([name, content.length])).update(content);
    }
  }
  return digest.digest("hex");
}

function isCode(name: string): boolean {
  return /\.[jt]s$/.test(name) && !name.endsWith(".d.ts");
}
