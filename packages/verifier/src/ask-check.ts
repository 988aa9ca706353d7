// Runs single checks, and turns what they find, or an error, into check results.

import {
  ConfigError,
  type ForkliftError,
  SourceDataError,
  TryAgainError,
} from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Follower, TableCheck, WalkCheck } from "./check.ts";
import type { CheckResult } from "./check-result.ts";
import { Findings } from "./findings.ts";
import type { HeightRows } from "./walk/height-rows.ts";
import type { Scope } from "./walk/scope.ts";

export interface Clock {
  now(): number;
  readonly signal: AbortSignal;
}

/** @throws TryAgainError when a server is unavailable, or the signal was aborted. */
export async function askTables(
  check: TableCheck,
  scope: Scope,
  clock: Clock,
): Promise<CheckResult> {
  const asked = new Asked(namedIn(scope, check), clock);
  await asked.timed(() => inSavepoint(scope.target, () => check.run(scope, asked.findings)));
  return asked.result();
}

function namedIn(scope: Scope, check: TableCheck | WalkCheck): Pick<WalkCheck, "id" | "name"> {
  return { id: check.id, name: check.nameIn?.(scope) ?? check.name };
}

/** A check that follows the walk. */
export class Following {
  readonly #asked: Asked;
  readonly #target: Session;
  #follower: Follower | null = null;

  constructor(check: WalkCheck, scope: Scope, clock: Clock) {
    this.#target = scope.target;
    this.#asked = new Asked(namedIn(scope, check), clock, scope.walked?.compared[check.id]);
    this.#asked.timedNow(() => {
      this.#follower = check.follow(scope, this.#asked.findings);
    });
  }

  see(rows: HeightRows): Promise<void> | undefined {
    if (this.#asked.isBroken) return undefined;
    let rest: Promise<void> | undefined | void;
    const key = rows.place;
    this.#asked.timedNow(() => {
      rest = this.#follower!.see(rows);
    }, key);
    return rest === undefined ? undefined : this.#asked.timed(() => rest as Promise<void>, key);
  }

  get id(): string {
    return this.#asked.id;
  }

  /** Rows so far, or null once anything speaks against a mark. */
  async settled(): Promise<number | null> {
    if (!this.#asked.isBroken && this.#follower?.settle !== undefined) {
      await this.#asked.timed(() => this.#follower!.settle!());
    }
    const { compared, differenceCount } = this.#asked.findings;
    return differenceCount === 0 ? compared : null;
  }

  async end(): Promise<CheckResult> {
    const follower = this.#follower;
    if (!this.#asked.isBroken && follower?.end !== undefined) {
      await this.#asked.timed(() => inSavepoint(this.#target, () => follower.end!()));
    }
    return this.#asked.result();
  }

  /** The walk could not go on. */
  fail(error: unknown): void {
    this.#asked.timedNow(() => {
      throw error;
    });
  }
}

/** A query that fails spoils its transaction only up to here. */
export async function inSavepoint(session: Session, work: () => Promise<void>): Promise<void> {
  await session.query("savepoint before_check");
  try {
    await work();
  } catch (error) {
    await session.query("rollback to savepoint before_check");
    throw error;
  }
}

/** One check, with its findings and the time that it took. */
class Asked {
  readonly findings: Findings;
  readonly #check: Pick<WalkCheck, "id" | "name">;
  readonly #now: () => number;
  #elapsedMs = 0;
  #isBroken = false;
  /** Why there was no answer, and how often: what it would take is wrong, not the target. */
  #unanswered: { readonly first: ForkliftError; count: number } | null = null;

  constructor(check: Pick<WalkCheck, "id" | "name">, { now, signal }: Clock, compared?: number) {
    this.#check = check;
    this.#now = now;
    this.findings = new Findings(signal, compared);
  }

  get id(): string {
    return this.#check.id;
  }

  get isBroken(): boolean {
    return this.#isBroken;
  }

  async timed(work: () => Promise<void>, key = "*"): Promise<void> {
    const startedMs = this.#now();
    try {
      await work();
    } catch (error) {
      this.#break(error, key);
    }
    this.#elapsedMs += this.#now() - startedMs;
  }

  timedNow(work: () => void, key = "*"): void {
    const startedMs = this.#now();
    try {
      work();
    } catch (error) {
      this.#break(error, key);
    }
    this.#elapsedMs += this.#now() - startedMs;
  }

  result(): CheckResult {
    const { compared, differences, differenceCount } = this.findings;
    return {
      id: this.#check.id,
      name: this.#check.name,
      ok: differenceCount === 0,
      compared,
      elapsedMs: Math.round(this.#elapsedMs),
      differences,
      differenceCount,
      ...(this.#unanswered?.count === differenceCount
        ? { unanswered: this.#unanswered.first }
        : {}),
    };
  }

  /**
   * A check that cannot be carried out has failed, and hides no other. One that lacks what it needs at a
   * height goes on above it.
   */
  #break(error: unknown, key: string): void {
    // Nothing was learnt about the target, and a later run may learn it.
    if (error instanceof TryAgainError) throw error;
    if (error instanceof SourceDataError || error instanceof ConfigError) {
      this.#unanswered ??= { first: error, count: 0 };
      this.#unanswered.count++;
    } else this.#isBroken = true;
    this.findings.add({
      table: "*",
      key,
      column: "*",
      expected: "an answer to this check",
      found: error instanceof Error ? error.message : String(error),
    });
  }
}
