// Shows the walk to every check that follows it, and marks how far all of them have come without a difference.

import type { Clock } from "./ask-check.ts";
import { Following, inSavepoint } from "./ask-check.ts";
import type { CheckResult } from "./check-result.ts";
import { walkChecks } from "./checks/index.ts";
import { exceptionFor } from "./checks/ledger-hash-at-every-block.ts";
import { isMet } from "./needs.ts";
import { type HeightRows, LISTS_OF_TABLES } from "./walk/height-rows.ts";
import type { Scope } from "./walk/scope.ts";
import { WALK_SETTINGS } from "./walk/target-rows.ts";
import { walk } from "./walk/walk.ts";
import type { UsedException, WalkMark, WalkMarks } from "./walk/walk-mark.ts";

export interface WalkOptions extends Clock {
  /** Is notified of each result as soon as it is there. */
  onCheck?(result: CheckResult): void;
  /** Is notified of the height that the walk has reached. */
  onHeight?(height: bigint, tip: bigint): void;
}

/** Marks of a walk, and what all of them have in common. */
export interface Marking extends Pick<WalkMark, "question" | "versions"> {
  readonly marks: WalkMarks;
}

interface Walked {
  readonly results: CheckResult[];
  readonly exceptions: readonly UsedException[];
}

/** @param marking null where an interrupted walk begins anew. */
export async function followWalk(
  scope: Scope,
  marking: Marking | null,
  options: WalkOptions,
): Promise<Walked> {
  const { network, tip } = scope;
  const exceptions: UsedException[] = [...(scope.walked?.exceptions ?? [])];
  await scope.target.query(WALK_SETTINGS);
  const followings = walkChecks
    .filter(({ needs }) => isMet(needs, scope))
    .map((check) => new Following(check, scope, options));
  const marker = marking && new Marker(scope, marking, followings);
  try {
    await inSavepoint(scope.target, async () => {
      for await (const rows of walk(scope, options.signal)) {
        for (const following of followings) {
          const rest = following.see(rows);
          if (rest !== undefined) await rest;
        }
        const [block] = rows.blocks;
        const reason = block && exceptionFor(network, block);
        if (reason !== undefined) {
          exceptions.push({ height: rows.height, stateHash: block!["state_hash"]!, reason });
        }
        await marker?.see(rows, exceptions);
        if (!rows.isBeside) options.onHeight?.(rows.height, tip.height);
      }
    });
  } catch (error) {
    // What the walk could not gather, no check has seen.
    for (const following of followings) following.fail(error);
  }
  const results: CheckResult[] = [];
  for (const following of followings) {
    const result = await following.end();
    results.push(result);
    options.onCheck?.(result);
  }
  return { results, exceptions };
}

class Marker {
  readonly #scope: Scope;
  readonly #marking: Marking;
  readonly #followings: readonly Following[];
  readonly #seen: Map<string, number>;
  /** Of the chain, the one that was shown last. */
  #last: Pick<HeightRows, "height" | "blocks"> | null = null;
  #next: bigint;

  constructor(scope: Scope, marking: Marking, followings: readonly Following[]) {
    this.#scope = scope;
    this.#marking = marking;
    this.#followings = followings;
    this.#seen = new Map(Object.entries(scope.walked?.seen ?? {}));
    this.#next = (scope.walked?.height ?? scope.provenHeight) + marking.marks.everyBlocks;
  }

  /** A block whose ledger hash is not demanded does not end a mark: the accounts below are known by that hash. */
  async see(rows: HeightRows, exceptions: readonly UsedException[]): Promise<void> {
    for (const [table, list] of LISTS_OF_TABLES) {
      this.#seen.set(table, (this.#seen.get(table) ?? 0) + rows[list].length);
    }
    if (!rows.isBeside) this.#last = rows;
    // Branches that leave the chain below what was proven come before its first block.
    if (!rows.endsHeight || this.#last === null) return;
    const { height, blocks } = this.#last;
    const [block] = blocks;
    const isDue = height >= this.#next || height === this.#scope.tip.height;
    if (!isDue || block === undefined) return;
    if (exceptionFor(this.#scope.network, block) !== undefined) return;
    const { everyBlocks, save } = this.#marking.marks;
    this.#next = height + everyBlocks;
    const compared: Record<string, number> = {};
    for (const following of this.#followings) {
      const count = await following.settled();
      // What has found anything is walked anew, and tells all of it.
      if (count === null) return;
      compared[following.id] = count;
    }
    await save({
      height,
      stateHash: block["state_hash"] as WalkMark["stateHash"],
      ledgerHash: block["ledger_hash"] as WalkMark["ledgerHash"],
      question: this.#marking.question,
      versions: this.#marking.versions,
      compared,
      seen: Object.fromEntries(this.#seen),
      exceptions: [...exceptions],
    });
  }
}
