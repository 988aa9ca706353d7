// A law: a property that every stage of a kind must have, as one test.

import assert from "node:assert/strict";
import { ForkliftError } from "@forklift/pipeline";
import type { Sandbox, StageFixture, TypedError } from "./fixture.ts";

export interface Law {
  /** A sentence of behaviour. */
  readonly name: string;
  /** @throws AssertionError when the stage breaks it. */
  holds<Context, Box extends Sandbox<Context>>(fixture: StageFixture<Context, Box>): Promise<void>;
}

/** What a promise is rejected with; fails when it is fulfilled. */
async function rejection(run: Promise<unknown>, what: string): Promise<unknown> {
  try {
    await run;
  } catch (error) {
    return error;
  }
  assert.fail(`expected a refusal of ${what}, it ran to its end`);
}

/** What the run gives; fails with what it ended in. */
export async function endsWell<Result>(run: Promise<Result>, what: string): Promise<Result> {
  try {
    return await run;
  } catch (error) {
    assert.fail(`${what} ended in ${describe(error)}`);
  }
}

/** The run must end in that error, and everything be as it was. */
export async function assertRefused(
  sandbox: Sandbox<unknown>,
  run: () => Promise<unknown>,
  { what, error: expected }: { readonly what: string; readonly error: TypedError },
): Promise<void> {
  const before = await sandbox.contents();
  assertTyped(await rejection(run(), what), what, expected);
  assert.deepEqual(await sandbox.contents(), before, `the refusal of ${what} left a trace`);
}

function assertTyped(error: unknown, what: string, expected: TypedError): void {
  assert.ok(
    error instanceof expected,
    `expected ${expected.name} for ${what}, found ${describe(error)}`,
  );
}

export function describe(error: unknown): string {
  if (error instanceof ForkliftError) return `${error.name}: ${error.message}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
