// A ledger may have another hash than its block at a known exception: by its state hash, and at its slot.
// @module-tag only-in-all

import path from "node:path";
import { pathToFileURL } from "node:url";
import { readTargetTip } from "@forklift/archive";
import { type LedgerHashException, loadNetwork, type Network } from "@forklift/network";
import { SourceDataError, VerificationError } from "@forklift/pipeline";
import { openStore } from "@forklift/storage";
import {
  changedCopy,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { readCheckpoint } from "../../src/checkpoint/read-checkpoint.ts";
import { balancesAt } from "../../src/ledger/balances-at.ts";
import { rebuildLedger } from "../../src/ledger/rebuild-ledger.ts";

/** Of the block that the replayed archive and its checkpoint end in. */
const WRONG_HASH = `update blocks set ledger_hash = (select ledger_hash from blocks where height = 1)
                    where height = (select max(height) from blocks)`;

describe.skipIf(isMainnetDataMissing())("a ledger whose hash is not that of its block", () => {
  test("is taken at the slot of the exception, and at no other", async ({ primed, checkpoint }) => {
    await using changed = await changedCopy(primed, WRONG_HASH);
    await using target = await openTestSession(changed);
    const tip = (await readTargetTip(target))!;
    const { dir, base } = path.parse(checkpoint);
    const folder = checkpoint.includes("://") ? `${dir}/` : `${pathToFileURL(dir).href}/`;
    const place = { store: openStore(folder), name: base };
    const mainnet = await loadNetwork("mainnet");
    const excepting = (slots: LedgerHashException["slots"]): Network => ({
      ...mainnet,
      ledgerHashExceptions: new Map([[tip.stateHash, { reason: "a test", slots }]]),
    });
    const slot = tip.globalSlotSinceGenesis;
    for (const network of [excepting(null), excepting(new Set([slot]))]) {
      await readCheckpoint(target, network, place);
      await rebuildLedger({ target, network }, tip);
      const held = await balancesAt({ target, network }, tip.stateHash, []);
      expect(held.isLedgerHashCompared).toBe(false);
    }
    const network = excepting(new Set([slot + 1n]));
    await expect(readCheckpoint(target, network, place)).rejects.toThrow(SourceDataError);
    await expect(rebuildLedger({ target, network }, tip)).rejects.toThrow(VerificationError);

    // At a slot that is not the exception's the hash is demanded, and said to have been.
    await using copy = await openTestDatabase(primed);
    await using unchanged = await openTestSession(copy);
    const held = await balancesAt({ target: unchanged, network }, tip.stateHash, []);
    expect(held.isLedgerHashCompared).toBe(true);
  });
});
