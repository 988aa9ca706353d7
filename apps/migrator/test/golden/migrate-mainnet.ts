// The migration that the golden digests stand for: of the last night's dump, to the tip of the data.

import { MAINNET, mainnetUrl, openRestoredDump, type TestDatabase } from "@forklift/testkit";

/** A database with the last night's dump; to be read, never to be changed. */
export async function restoreSource(): Promise<TestDatabase> {
  return await openRestoredDump(MAINNET.dumps[3]);
}

export interface Databases {
  readonly source: TestDatabase;
  readonly target: TestDatabase;
}

export function migrateArguments({ source, target }: Databases): string[] {
  return [...commonArguments({ target }), "--source-db", source.url];
}

/** The same without the dump. */
export function fromBlocksArguments({ target }: Pick<Databases, "target">): string[] {
  return [...commonArguments({ target }), "--from-blocks"];
}

function commonArguments({ target }: Pick<Databases, "target">): string[] {
  return [
    ...["migrate", "--network", "mainnet", "--fork-state-hash", MAINNET.tip],
    ...["--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)],
    ...["--target-db", target.url, "--blocks", mainnetUrl(MAINNET.blocks)],
  ];
}
