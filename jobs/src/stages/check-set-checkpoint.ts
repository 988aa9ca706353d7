// The checkpoint of a set of somebody else: whether it is the ledger of the block that the set ends with. Its
// leaf hashes are believed by whoever continues with it, so that here every account is hashed.

import path from "node:path";
import { pathToFileURL } from "node:url";
import { SourceDataError, type WholeStage } from "@forklift/pipeline";
import { metaName, type ShownCheckpoint, showCheckpoint } from "@forklift/replayer";
import { checkedBytes, fileOf, type Manifest } from "@forklift/sets";
import { openStore } from "@forklift/storage";
import type { ChosenSet } from "./chosen-set.ts";

export interface CheckCheckpointContext extends ChosenSet {
  /** A folder for the two files. */
  workPath(): Promise<string>;
  readonly inform: (message: string) => void;
  readonly warn: (message: string) => void;
}

/** Our own name for it: that of its publisher says nothing. */
const LOCAL_NAME = "checkpoint.json";

export const checkSetCheckpoint: WholeStage<
  CheckCheckpointContext,
  { readonly checkpoint: string }
> = {
  id: "check-set-checkpoint",
  kind: "whole",

  async plan({ set }) {
    return { checkpoint: fileOf(set.manifest, "checkpoint").name };
  },

  /** @throws SourceDataError naming everything that is not as the manifest says. */
  async run({ store, set, workPath, inform, warn }) {
    const { manifest, name } = set;
    const file = fileOf(manifest, "checkpoint");
    const folder = await workPath();
    const local = openStore(pathToFileURL(`${folder}/`).href);
    await local.write(LOCAL_NAME, checkedBytes(store, file));
    const meta = fileOf(manifest, "checkpoint-meta");
    await local.write(metaName(LOCAL_NAME), checkedBytes(store, meta));
    const where = `${store.url}/${file.name}`;
    const url = pathToFileURL(path.join(folder, LOCAL_NAME)).href;
    const shown = await showCheckpoint(url, { isRehashing: true, inform, warn }).catch((error) => {
      if (!(error instanceof SourceDataError)) throw error;
      // Whose set it is knows nothing of our copy.
      const message = error.message.replaceAll(`${local.url}/${LOCAL_NAME}`, where);
      throw new SourceDataError(message, {
        cause: error,
        hint: "the set is not what it says: ask its publisher, or verify another one",
      });
    });
    const faults = [...shown.faults, ...differences(shown, manifest)];
    if (faults.length === 0) return { rowCount: shown.accounts };
    throw new SourceDataError(
      `the checkpoint ${where} does not fit ${name}: ${faults.join("; ")}`,
      { hint: "the set is not what it says: ask its publisher, or verify another one" },
    );
  },

  /** Its whole work was to verify. */
  async verify() {
    return [];
  },
};

function differences(shown: ShownCheckpoint, manifest: Manifest): string[] {
  const compared: readonly [what: string, found: unknown, expected: unknown][] = [
    ["network", shown.network, manifest.network],
    ["height", shown.height, manifest.height],
    ["state hash", shown.stateHash, manifest.stateHash],
    ["start slot", shown.startSlot, manifest.globalSlotSinceGenesis + 1],
    ["ledger hash", shown.ledgerHash, manifest.preForkLedgerHash],
    ["Berkeley ledger hash", shown.berkeleyLedgerHash, manifest.berkeleyLedgerHash],
  ];
  return compared
    .filter(([, found, expected]) => found !== expected)
    .map(([what, found, expected]) => `${what} ${found}, the manifest says ${expected}`);
}
