// Runs the command with something wrong and looks at how it says so.

import { type RunOptions, runForklift } from "@forklift/testkit";
import { expect } from "vitest";

export interface Refusal {
  readonly exit: 20 | 64 | 65 | 75 | 78;
  /** Parts of the sentence: what is wrong, where, what was expected, what was found. */
  readonly says: readonly (string | RegExp)[];
  /** A part of the next step. */
  readonly next: string | RegExp;
}

/** Returns the sentence and the log. */
export async function expectRefusal(
  args: readonly string[],
  { exit, says, next }: Refusal,
  options?: RunOptions,
): Promise<{ readonly message: string; readonly log: string; readonly stdout: string }> {
  const ran = await runForklift(args, options);
  const [, message = "", hint = ""] = /^forklift: (.*?)\n {2}next: (.*)$/ms.exec(ran.stderr) ?? [];
  // The whole of stderr, so that a failure of this test shows what the command said instead.
  expect(ran.exit, ran.stderr).toBe(exit);
  for (const part of says) expect(message).toMatch(part);
  expect(hint).toMatch(next);
  return { message, log: ran.stderr, stdout: ran.stdout };
}

/** Rows for `test.each`, whose `%s` prints a name as it is. */
export function byName<Case extends { readonly name: string }>(
  cases: readonly Case[],
): [name: string, Case][] {
  return cases.map((it) => [it.name, it]);
}
