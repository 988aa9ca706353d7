// The pending tail of an archive that a real mainnet node made: 290 heights that it had not decided yet, with
// every branch that it had seen.
// @module-tag only-in-all

import { Ledger } from "@forklift/ledger";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { connect, snapshot } from "@forklift/postgres";
import {
  forkliftJson,
  isRealArchiveMissing,
  LEDGER,
  mainnetUrl,
  openTestDatabase,
  REAL_ARCHIVE,
} from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { PendingTail } from "../../src/pending/pending-tail.ts";
import { canonicalBlock } from "./tail-sandbox.ts";

describe.skipIf(isRealArchiveMissing())("with a real node's archive", () => {
  test.each([1, 2])("every pending block and fork is proven on %i threads", async (threads) => {
    const network = await loadNetwork("mainnet");
    const { accounts, leafHashes } = await loadGenesisLedger(network, LEDGER);
    await using database = await openTestDatabase();
    const dump = mainnetUrl(REAL_ARCHIVE.release2);
    await forkliftJson(["restore", "--dump", dump, "--db", database.url]);
    await using source = await connect(database.url, {
      applicationName: "forklift test",
      readOnly: true,
    });
    const ledger = Ledger.fromLeafHashes(accounts, leafHashes);
    const genesis = await canonicalBlock(source, 1n);
    await using tail = new PendingTail(ledger, genesis, { network, threads });
    const block = await canonicalBlock(source);
    const report = await snapshot(source, () => tail.prove(source, block));
    const [row] = await source.query<{ pending: number }>(
      "select count(*)::int as pending from blocks where chain_status = 'pending'",
    );
    expect(report).toMatchObject({
      height: BigInt(REAL_ARCHIVE.canonicalHeight),
      provenTo: BigInt(REAL_ARCHIVE.tipHeight),
      ...{ differences: [], notProven: [], blocks: 535, proven: 535, forks: 170, beside: 0 },
    });
    expect(row!.pending).toBe(535);
    expect(report.tips.filter(({ height }) => height === report.provenTo)).toHaveLength(3);
    expect((await snapshot(source, () => tail.prove(source, block))).applied).toBe(0);
  });
});
