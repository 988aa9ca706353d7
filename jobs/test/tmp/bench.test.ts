import { performance } from "node:perf_hooks";
import { forkliftJson, MAINNET, mainnetUrl, mainnetDump, openTestDatabase } from "@forklift/testkit";
import { test } from "vitest";

const LEDGER = ["--genesis-ledger", mainnetUrl(MAINNET.genesisLedger)];
const BLOCKS = ["--blocks", process.env["BENCH_BLOCKS"] ?? mainnetUrl(MAINNET.blocks)];
const timed = async (name: string, args: string[]) => {
  const start = performance.now();
  const doc: any = await forkliftJson(args);
  console.info(name, Math.round(performance.now() - start), (doc.stages ?? []).map((s: any) => `${s.stage}:${s.elapsedMs}`).join(" "), JSON.stringify((doc.stages ?? []).find((s: any) => s.stage === "pick-chain")?.details ?? null), JSON.stringify(doc.blockSources ?? null));
};
test("bench", { timeout: 900_000 }, async () => {
  for (let i = 0; i < 2; i++) {
    await using source = await openTestDatabase();
    await using a = await openTestDatabase();
    await using b = await openTestDatabase();
    await timed("restore", ["restore", "--dump", mainnetUrl(`dumps/${mainnetDump(MAINNET.dumps[3])}`), "--db", source.url]);
    const common = (t: { url: string }) => ["migrate", "--target-db", t.url, "--network", "mainnet", ...LEDGER, ...BLOCKS, "--fork-state-hash", MAINNET.tip];
    await timed("by dump", [...common(a), "--source-db", source.url]);
    await timed("by files", [...common(b), "--from-blocks"]);
  }
});
