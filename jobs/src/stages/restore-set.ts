// The dump of a set of somebody else, restored into a database of our own. Its digest is compared before the
// restore commits, so that the dump is fetched once.

import { identifySchema, readGenesisBlock, readTargetTip } from "@forklift/archive";
import { openReader } from "@forklift/context";
import type { Network } from "@forklift/network";
import { type Check, SourceDataError, type WholeStage } from "@forklift/pipeline";
import { checkedBytes, fileOf } from "@forklift/sets";
import type { ChosenSet } from "./chosen-set.ts";
import { restoredRows, restoreObject } from "./restore-object.ts";

export interface RestoreSetContext extends ChosenSet {
  readonly network: Pick<Network, "name" | "genesis">;
  /** An empty database. */
  readonly databaseUrl: string;
}

export const restoreSet: WholeStage<RestoreSetContext, { readonly dump: string }> = {
  id: "restore-set",
  kind: "whole",

  async plan({ set }) {
    return { dump: fileOf(set.manifest, "dump").name };
  },

  /** @throws SourceDataError when the dump is no Berkeley archive, of another network, or ends elsewhere. */
  async run(context, _plan, watch) {
    const { store, set, databaseUrl } = context;
    const dump = fileOf(set.manifest, "dump");
    const bytes = checkedBytes(store, dump);
    const { result } = await restoreObject(databaseUrl, { store, name: dump.name, bytes }, watch);
    await requireOfSet(context, dump.name);
    return result;
  },

  async verify({ databaseUrl }) {
    await using reader = await openReader(databaseUrl);
    return [...(await restoredRows(reader))] satisfies Check[];
  },
};

async function requireOfSet(
  { store, set: { name, manifest }, network, databaseUrl }: RestoreSetContext,
  dump: string,
): Promise<void> {
  await using reader = await openReader(databaseUrl);
  const where = `the dump ${store.url}/${dump}`;
  const refuse = (what: string) =>
    new SourceDataError(`${where} is not that of ${name}: ${what}`, {
      hint: "the set is not what it says: ask its publisher, or verify another one",
    });
  const { kind } = await identifySchema(reader);
  if (kind !== "berkeley") throw refuse(`it holds a ${kind} archive, expected a Berkeley archive`);
  const genesis = await readGenesisBlock(reader);
  if (genesis?.stateHash !== network.genesis.stateHash) {
    throw refuse(
      `it begins with ${genesis?.stateHash ?? "no genesis block"}, ${network.name} with ` +
        network.genesis.stateHash,
    );
  }
  const tip = await readTargetTip(reader);
  if (tip?.stateHash !== manifest.stateHash || tip.height !== BigInt(manifest.height)) {
    throw refuse(`it ends with block ${tip?.stateHash} at height ${tip?.height}`);
  }
  if (tip.ledgerHash !== manifest.preForkLedgerHash) {
    throw refuse(
      `its tip has ledger hash ${tip.ledgerHash}, the manifest ${manifest.preForkLedgerHash}`,
    );
  }
}
