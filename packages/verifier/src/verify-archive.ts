// Asks every check its question and gathers the answers.

import type { LedgerHash, StateHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import { askCheck } from "./ask-check.ts";
import { checks } from "./checks/index.ts";
import type { CheckResult, VerificationReport } from "./report.ts";
import { digestTables } from "./table-digests.ts";
import { countRows } from "./tables.ts";
import type { Tip, VerifierWorld } from "./world.ts";

export interface VerificationOptions {
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
  readonly signal: AbortSignal;
  /** Told of each answer as soon as it is there. */
  onCheck?(result: CheckResult): void;
}

/**
 * Answers whether the target is the history of the chain that its tip ends. It only reads, and
 * every check is asked even if one before it failed.
 * @throws ConfigError when the target has no block, or ends below the proven height.
 * @throws TryAgainError when a server or a block source is away, or the signal asked to stop.
 */
export async function verifyArchive(
  world: VerifierWorld,
  options: VerificationOptions,
): Promise<VerificationReport> {
  const tip = await readTip(world);
  const results: CheckResult[] = [];
  for (const check of checks) {
    const result = await askCheck(check, { ...world, tip }, options);
    results.push(result);
    options.onCheck?.(result);
  }
  return {
    ok: results.every(({ ok }) => ok),
    tip,
    fromHeight: world.provenHeight + 1n,
    checks: results,
    digests: await digestTables(world.target),
    rowCounts: await countRows(world.target),
  };
}

/** Of two blocks at the highest height the canonical one: the other fails a check of its own. */
export async function readTip({ target, provenHeight }: VerifierWorld): Promise<Tip> {
  const [row] = await target.query<{ height: string; state_hash: string; ledger_hash: string }>(
    `select height, state_hash, ledger_hash from blocks
     order by height desc, chain_status, state_hash limit 1`,
  );
  if (row === undefined) {
    throw new ConfigError(
      `the target ${target.maskedUrl} holds no block, there is nothing to verify`,
      {
        hint: "run forklift migrate and forklift replay first",
      },
    );
  }
  const height = BigInt(row.height);
  if (height < provenHeight) {
    throw new ConfigError(
      `the target ${target.maskedUrl} ends at height ${height}, below the proven height ${provenHeight}`,
      { hint: "verify it from genesis, without a proven height" },
    );
  }
  // Not parsed: a text that is no hash is for the checks to find, not a reason to ask none of them.
  return {
    height,
    stateHash: row.state_hash as StateHash,
    ledgerHash: row.ledger_hash as LedgerHash,
  };
}
