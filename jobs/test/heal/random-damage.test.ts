// Any sample network with any damage is healed to what it comes to undamaged, or refused because nothing settles which of
// the two is right. FORKLIFT_RANDOM_NETWORKS=200 for many; a failure prints its seed.
// @module-tag only-in-all

import { cp, rm } from "node:fs/promises";
import path from "node:path";
import type { SampleOptions } from "@forklift/sample";
import { inProcess, openTestDatabase } from "@forklift/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { forklift } from "../../src/commands/index.ts";
import { damaged, digestsOf, migrationOf, openDamagedSample } from "./damaged-sample.ts";

const { run } = inProcess(forklift);

const NETWORKS = Number(process.env["FORKLIFT_RANDOM_NETWORKS"] ?? 2);

/** A network takes some seconds; the limit ends a hang. */
const TIMEOUT_MS = 120_000 * NETWORKS;

const networks: fc.Arbitrary<SampleOptions> = fc.record({
  seed: fc.nat(),
  blocks: fc.integer({ min: 20, max: 40 }),
  days: fc.constant(1),
  finality: fc.integer({ min: 3, max: 8 }),
  accounts: fc.integer({ min: 30, max: 60 }),
  commandsPerBlock: fc.integer({ min: 1, max: 8 }),
});

/** Of blocks and commands that the number draws. */
const DAMAGES: readonly ((n: number) => string)[] = [
  (n) => `update blocks set ledger_hash = parent_hash where ${chainBlock(n)}`,
  (n) => `update blocks set parent_hash = ledger_hash where ${chainBlock(n)}`,
  (n) => `update blocks set height = height - 1 where ${chainBlock(n)}`,
  (n) => `update blocks set chain_status = 'orphaned' where ${chainBlock(n)}`,
  (n) => `update blocks set timestamp = timestamp + ${n} where ${chainBlock(n)}`,
  (n) => `update user_commands set fee = fee + 1 where id % 7 = ${n % 7}`,
  (n) => `update user_commands set receiver_id = fee_payer_id where id % 11 = ${n % 11}`,
  (n) => `update internal_commands set fee = fee + 1 where id % 13 = ${n % 13}`,
  (n) => `delete from blocks_user_commands where user_command_id % 9 = ${n % 9}`,
  (n) => `delete from blocks_internal_commands where internal_command_id % 9 = ${n % 9}`,
  (n) =>
    `update blocks_user_commands set sequence_no = sequence_no + 40 where user_command_id % 5 = ${n % 5}`,
  (n) => `update blocks_user_commands set status = 'failed', failure_reason = 'Predicate'
          where user_command_id % 6 = ${n % 6}`,
  (n) => `update blocks_internal_commands set receiver_account_creation_fee_paid = null
          where internal_command_id % 2 = ${n % 2}`,
  (
    n,
  ) => `update blocks set parent_id = null where parent_id in (select id from blocks where ${chainBlock(n)});
          delete from blocks where ${chainBlock(n)}`,
];

function chainBlock(n: number): string {
  return `chain_status = 'canonical' and height = 2 + ${n} % (
    select max(height) - 3 from blocks where chain_status = 'canonical')`;
}

const damages = fc.array(fc.tuple(fc.nat({ max: DAMAGES.length - 1 }), fc.nat({ max: 10_000 })), {
  minLength: 1,
  maxLength: 4,
});

test("any damage is healed or refused with its reason", { timeout: TIMEOUT_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(networks, damages, async (sizes, drawn) => {
      const sample = await openDamagedSample(sizes);
      const first = path.join(sample.folder, "blocks");
      const second = path.join(sample.folder, "second");
      await cp(first, second, { recursive: true });
      const sql = drawn.map(([which, n]) => DAMAGES[which]!(n)).join(";");
      await using source = await damaged(sample, { name: "", sql });
      await using target = await openTestDatabase();
      const { exit, stderr } = await run([
        ...migrationOf(source, target, sample.inputs),
        ...["--heal", "--blocks", `${first},${second}`],
      ]);
      await rm(second, { recursive: true });
      if (exit === 0) expect(await digestsOf(target), sql).toEqual(sample.digests);
      else expect([exit, stderr], sql).toEqual([65, expect.stringContaining("next: ")]);
    }),
    { numRuns: NETWORKS, endOnFailure: true },
  );
});
