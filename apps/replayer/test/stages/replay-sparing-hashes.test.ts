// A replay that leaves most ledger hashes to the verification after it.
// @module-tag only-in-all

import { StoppedError, VerificationError } from "@forklift/pipeline";
import { defined } from "@forklift/system";
import { NO_CRASH } from "@forklift/testkit";
import { expect, test } from "vitest";
import { runUnwatched } from "../../../migrator/test/migration-sandbox.ts";
import { replayCommands } from "../../src/stages/replay-commands.ts";
import { LAST_OF_MIGRATION, openReplay } from "../replay-sandbox.ts";

interface Replay {
  readonly blocksPerLedgerHash: number;
  readonly threads: number;
  /** A statement that makes the target wrong. */
  readonly spoil?: string;
  readonly signal?: AbortSignal;
}

async function replay({ blocksPerLedgerHash, threads, spoil, signal }: Replay) {
  // Without recorded balances only a ledger hash shows a difference.
  const more = { blocksPerLedgerHash, threads, balances: null, ...defined({ signal }) };
  await using sandbox = await openReplay({ after: LAST_OF_MIGRATION, more });
  if (spoil !== undefined) await sandbox.changeTarget(spoil);
  await using opened = await sandbox.open(NO_CRASH);
  const [report] = await runUnwatched([replayCommands], opened.context);
  return { report: report!, contents: await sandbox.contents() };
}

/** A mark says whether every ledger hash was compared. */
const withoutMarks = (contents: unknown): unknown =>
  JSON.parse(
    JSON.stringify(contents, (key, value) =>
      key === "forklift.progress_mark" ? undefined : value,
    ),
  );

test.each([1, 2])("writes the same with fewer permutations, on %i threads", async (threads) => {
  const every = await replay({ blocksPerLedgerHash: 1, threads });
  const some = await replay({ blocksPerLedgerHash: 32, threads });
  expect(withoutMarks(some.contents)).toEqual(withoutMarks(every.contents));
  const [ofEvery, ofSome] = [every, some].map(({ report }) =>
    Number(report.measured!["permutations"]),
  );
  expect(ofSome).toBeLessThan(0.9 * ofEvery!);
  const hashes = (name: string) => Number(some.report.details![`ledgerHashes${name}`]);
  expect(hashes("Compared")).toBeGreaterThan(1);
  expect(hashes("Compared") + hashes("LeftToVerification")).toBe(
    every.report.details!["ledgerHashesCompared"],
  );
});

/** Of a payment at that place in the chain, one nanomina more. */
const AMOUNT = (place: string) => `update user_commands set amount = (amount::numeric + 1)::text
  where id = (select user_command_id from blocks_user_commands join blocks b on b.id = block_id
    join user_commands c on c.id = user_command_id where amount is not null and status = 'applied' order by b.height ${place} limit 1)`;

const FAULTS: Readonly<Record<string, string>> = {
  "the first applied command": AMOUNT(""),
  "a command in the middle": AMOUNT("offset 40"),
  "the last applied command": AMOUNT("desc"),
  "a coinbase": `update internal_commands set fee = (fee::numeric + 1)::text where id =
    (select internal_command_id from blocks_internal_commands join blocks b on b.id = block_id
     where b.height = 47 limit 1)`,
  "two blocks' commands": `${AMOUNT("offset 20")}; ${AMOUNT("offset 60")}`,
};

test.each(Object.keys(FAULTS))("names the first block that %s makes differ", async (fault) => {
  const messages = [];
  for (const blocksPerLedgerHash of [1, 7, 32, 10_000]) {
    const failed = await replay({
      ...{ blocksPerLedgerHash, threads: 2, spoil: FAULTS[fault]! },
    }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(VerificationError);
    messages.push((failed as Error).message);
  }
  expect(new Set(messages).size).toBe(1);
});

test("a replay after it says that not every ledger hash was compared", async () => {
  for (const [blocksPerLedgerHash, says] of [
    [32, "; not every ledger hash was compared: forklift verify recomputes that of every block"],
    [1, ""],
  ] as const) {
    const more = { blocksPerLedgerHash, threads: 1 };
    await using sandbox = await openReplay({ after: LAST_OF_MIGRATION, more });
    await using opened = await sandbox.open(NO_CRASH);
    const { context } = opened;
    await runUnwatched([replayCommands], context);
    const [report] = await runUnwatched([replayCommands], { ...context, blocksPerLedgerHash: 1 });
    expect(report!.skipped).toMatch(/^every block up to height \d+ has been replayed already/);
    expect(report!.skipped!.replace(/^.*already/, "")).toBe(says);
  }
});

test("a signal ends the repetition of a batch between two blocks", async () => {
  const signal = AbortSignal.abort();
  const spoil = FAULTS["a command in the middle"]!;
  const stopped = replay({ blocksPerLedgerHash: 32, threads: 2, spoil, signal });
  await expect(stopped).rejects.toThrow(StoppedError);
});
