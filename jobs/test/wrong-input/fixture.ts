// What the tests of wrong input to jobs run on, besides real mainnet blocks: configurations.

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { startServer } from "@forklift/postgres";
import { archiveTest, CLOSED_PORT, LEDGER } from "@forklift/testkit";

const perFile = { scope: "file" } as const;

/** Opens what the parameters of a test name, and nothing else. */
export const test = archiveTest
  /** For scratch databases: other tests ask what is left on the shared one. */
  // biome-ignore lint/correctness/noEmptyPattern: the runner reads a fixture's needs from a pattern.
  .extend("server", perFile, async ({}, { onCleanup }) => {
    const server = await startServer({ binaries: "auto" });
    onCleanup(() => server[Symbol.asyncDispose]());
    return server;
  })
  /** Writes a configuration that is right but for the changes. */
  .extend("configFile", perFile, ({ archive, home, newFolder, server }) => {
    return async (changes: object): Promise<string> =>
      await writeConfig(await newFolder(), {
        source: { database: archive.source.url },
        target: { store: path.join(home, "store") },
        blocks: [archive.blocks],
        postgres: { url: server.url },
        ...changes,
      });
  });

/** A configuration that would do if its databases were there, but for the changes. JSON is YAML. */
export async function writeConfig(folder: string, changes: object): Promise<string> {
  const file = path.join(folder, "forklift.yaml");
  const config = {
    network: "mainnet",
    genesisLedger: LEDGER,
    source: { database: CLOSED_PORT },
    target: { store: path.join(folder, "store") },
    blocks: [path.join(folder, "blocks")],
    ...changes,
  };
  await writeFile(file, JSON.stringify(config));
  return file;
}
