// @module-tag only-in-all

import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { ConfigError } from "@forklift/pipeline";
import {
  decodeManifest,
  fileOf,
  latestName,
  moveLatest,
  noteReplacement,
  replacementName,
} from "@forklift/sets";
import { NETWORK, stageLaws, writeSet } from "@forklift/testkit";
import { finishPublication } from "../../src/stages/finish-publication.ts";
import { type JobSandbox, jobAfter, openJob, storeAt } from "./job-sandbox.ts";

/** A published set that nothing points at, before an older one of another chain that it replaces. */
async function openSandbox(): Promise<JobSandbox> {
  // As a run that did not verify, since an earlier one had published.
  const more = { verified: { versions: null }, isReplacing: false };
  const sandbox = await openJob({ ...(await jobAfter("publish-set")), more });
  const store = storeAt(path.join(sandbox.home, "store"));
  const [file] = await sandbox.stored(/-set-\d+/);
  const by = path.basename(file!);
  const dump = fileOf(decodeManifest(await readFile(file!, "utf8"), by), "dump").name;
  const older = await writeSet(store, { height: 3 });
  const date = () => new Date("2024-06-30T00:00:00Z");
  await moveLatest(store, { network: NETWORK, set: older, date, isReplacing: false });
  const files = older.manifest.files.map(({ name }) => name);
  // What it names itself stays, whatever the note says.
  const replaced = { manifests: [older.name, by], files: [...files, dump] };
  await noteReplacement({ store, network: NETWORK }, { by, dump, ...replaced });
  return sandbox;
}

stageLaws({
  makes: "a whole",
  stage: finishPublication,
  openSandbox,
  empty: { openSandbox: () => openJob(), ends: "well" },
  wrongInputs: {
    "a target that was changed since it was published": {
      spoil: ({ changeTarget }) => changeTarget("update blocks set timestamp = 7 where height = 9"),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ home }) => rm(path.join(home, "store", latestName(NETWORK))),
    added: ({ home }) => writeFile(path.join(home, "store", replacementName(NETWORK)), NOTE),
    altered: ({ home }) => writeFile(path.join(home, "store", latestName(NETWORK)), "{}"),
  },
});

const NOTE = JSON.stringify({ version: 1, by: "x", dump: "x", manifests: [], files: [] });
