// The blocks of branches that cannot be migrated: each is told to the operator with its reason, and counted.

import type { BranchPlace } from "@forklift/archive";
import { jsonNumber, UINT32_MAX } from "@forklift/chain";
import { type LeftOut, SourceDataError } from "@forklift/pipeline";
import type { NamesLeftOut } from "../context.ts";

/** Warnings, and blocks of the report. Whoever has more of them has the same fault many times. */
const TOLD_MAX = 100;

/** What is wrong with a block: with its rows in the source, with its block file, or with what it stands on. */
export type LeftOutCause = "rows" | "file" | "parent";

export interface LeftOutBlock extends BranchPlace {
  readonly cause: LeftOutCause;
  readonly reason: string;
}

interface Telling {
  readonly requireOrphans: boolean;
  readonly warn: (message: string) => void;
  /** Is told of every one. */
  readonly names?: NamesLeftOut | undefined;
}

const DETAILS = {
  rows: "leftOutForTheirRows",
  file: "leftOutForTheirFile",
  parent: "leftOutForTheirParent",
} as const;

export class LeftOutBlocks {
  readonly #telling: Telling;
  readonly #counts: Record<LeftOutCause, number> = { rows: 0, file: 0, parent: 0 };
  readonly #first: LeftOut[] = [];

  constructor(telling: Telling) {
    this.#telling = telling;
  }

  /** @throws SourceDataError when every orphan is required. */
  add(block: LeftOutBlock): void {
    const { stateHash, height, cause, reason } = block;
    const what = `block ${stateHash} at height ${height} beside the chain`;
    if (this.#telling.requireOrphans) {
      throw new SourceDataError(`${what} cannot be migrated: ${reason}`, {
        hint:
          "repair the source's row, or get the block's file from another archive operator and put it into a " +
          "folder among the sources; or run without --require-orphans, which leaves such blocks out",
      });
    }
    this.#counts[cause] += 1;
    this.#telling.names?.add(stateHash);
    if (this.#first.length === TOLD_MAX) return;
    this.#first.push({ stateHash, height: reportedHeight(height), reason });
    this.#telling.warn(`${what} is left out: ${reason}`);
  }

  tellRest(): void {
    const rest = this.count - this.#first.length;
    if (rest > 0) this.#telling.warn(`${rest} more blocks beside the chain are left out`);
  }

  get count(): number {
    return Object.values(this.#counts).reduce((sum, count) => sum + count, 0);
  }

  get first(): readonly LeftOut[] {
    return this.#first;
  }

  /** In all, and by what is wrong with them. */
  details(): Readonly<Record<string, number>> {
    const causes = Object.keys(this.#counts) as LeftOutCause[];
    const counts = causes.map((cause) => [DETAILS[cause], this.#counts[cause]] as const);
    return { leftOut: this.count, ...Object.fromEntries(counts.filter(([, count]) => count > 0)) };
  }
}

/** One that no block can have stands there as text. */
function reportedHeight(height: bigint): number | string {
  return height > UINT32_MAX ? String(height) : jsonNumber(height);
}
