// Runs a program in the process of a test, and checks the error that it reports.

import type { CommandLine } from "@forklift/console";
import { expect } from "vitest";
import { contentsOf } from "./contents.ts";
import type { Ran } from "./run-forklift.ts";
import { type InProcessOptions, runInProcess, runInProcessJson } from "./run-in-process.ts";
import type { TestDatabase } from "./test-database.ts";

export interface Refusal {
  readonly exit: 20 | 64 | 65 | 75 | 78;
  /** Parts of the sentence: what is wrong, where, what was expected, what was found. */
  readonly says: readonly (string | RegExp)[];
  /** A part of the next step. */
  readonly next: string | RegExp;
}

export interface Refused {
  readonly message: string;
  readonly log: string;
  readonly stdout: string;
}

type Args = readonly string[];

export interface InProcess {
  run(args: Args, options?: InProcessOptions): Promise<Ran>;
  /** With `--json`; the exit code must be 0. */
  runJson<Document>(args: Args, options?: InProcessOptions): Promise<Document>;
  /** Returns the sentence and the log. */
  expectRefusal(args: Args, refusal: Refusal, options?: InProcessOptions): Promise<Refused>;
  /** Refused, and every table of the target holds what it held. */
  expectUntouched(target: TestDatabase, args: Args, refusal: Refusal): Promise<void>;
}

/** The commands of a program, for the tests of a file. */
export function inProcess(program: CommandLine): InProcess {
  const expectRefusal: InProcess["expectRefusal"] = async (args, { exit, says, next }, options) => {
    const ran = await runInProcess(program, args, options);
    const [, message = "", hint = ""] =
      /^forklift: (.*?)\n {2}next: (.*)$/ms.exec(ran.stderr) ?? [];
    // The whole of stderr, so that a failure of this test shows what the command said instead.
    expect(ran.exit, ran.stderr).toBe(exit);
    for (const part of says) expect(message).toMatch(part);
    expect(hint).toMatch(next);
    return { message, log: ran.stderr, stdout: ran.stdout };
  };
  return {
    run: (args, options) => runInProcess(program, args, options),
    runJson: (args, options) => runInProcessJson(program, args, options),
    expectRefusal,
    async expectUntouched(target, args, refusal) {
      const before = await contentsOf(target);
      await expectRefusal(args, refusal);
      expect(await contentsOf(target)).toEqual(before);
    },
  };
}

/** Rows for `test.each`, whose `%s` prints a name as it is. */
export function byName<Case extends { readonly name: string }>(
  cases: readonly Case[],
): [name: string, Case][] {
  return cases.map((it) => [it.name, it]);
}
