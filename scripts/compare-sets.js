// Compares the newest sets of two folders table by table, and says in a sentence what came of it. For the demo.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const [one, other] = process.argv.slice(2).map(newestManifest);
const differing = Object.keys(one.digests).filter(
  (table) => one.digests[table] !== other.digests[table],
);
if (one.stateHash !== other.stateHash || differing.length > 0) {
  console.error(
    `${one.stateHash} by way of ${one.source.name} and ${other.stateHash} by way of ` +
      `${other.source.name} differ in ${differing.join(", ") || "their last block"}`,
  );
  process.exit(20);
}
console.log(
  `From block files and one hash alone came the same ${Object.keys(one.digests).length} tables as from ` +
    `${one.source.name}:\nthe digest of every one is equal, up to block ${one.stateHash} at height ${one.height}.`,
);

function newestManifest(folder) {
  const heightOf = (name) => Number(/-set-(\d+)-/.exec(name)?.[1] ?? 0);
  const [newest] = readdirSync(folder)
    .filter((name) => heightOf(name) > 0)
    .sort((a, b) => heightOf(b) - heightOf(a));
  return JSON.parse(readFileSync(path.join(folder, newest), "utf8"));
}
