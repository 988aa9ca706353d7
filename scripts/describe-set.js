// Describes the newest set in a folder, and what it proves, in a few lines. For the demo.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

const [folder] = process.argv.slice(2);
const heightOf = (name) => Number(/-set-(\d+)-/.exec(name)?.[1] ?? 0);
const [newest] = readdirSync(folder)
  .filter((name) => heightOf(name) > 0)
  .sort((a, b) => heightOf(b) - heightOf(a));
const manifest = JSON.parse(readFileSync(path.join(folder, newest), "utf8"));
const { anchor, files, rowCounts, verification } = manifest;
const { name: reportFile } = files.find(({ role }) => role === "report");
const { fromHeight } = JSON.parse(readFileSync(path.join(folder, reportFile), "utf8"));

const rows = (...tables) => tables.map((table) => `${rowCounts[table]} ${table}`).join(", ");
console.log(`${folder}/`);
for (const { role, name, bytes } of files) {
  console.log(`  ${role.padEnd(16)} ${String(bytes).padStart(9)} bytes  ${name}`);
}
console.log(`  ${"manifest".padEnd(16)} ${" ".repeat(15)}  ${newest}`);
console.log(`
It holds the history of block ${manifest.stateHash} at height ${manifest.height}:
  ${rows("blocks", "user_commands", "blocks_internal_commands")}
  ${rows("accounts_accessed", "accounts_created")}
It proves, downwards from block ${anchor.height} (trusted by the ${anchor.vouchedBy}):
  every block's state hash recomputed from its precomputed block, every parent link followed,
  every block's ledger hash recomputed by replay, up to ${manifest.preForkLedgerHash};
  ${verification.checks.length} independent checks, ${verification.checks.reduce((n, { compared }) => n + compared, 0)} comparisons, no difference.`);
if (fromHeight > 1) {
  console.log(`Its own run asked them of heights ${fromHeight} to ${manifest.height}. What lies below was proven
by the runs before, and seen to be unchanged.`);
}
