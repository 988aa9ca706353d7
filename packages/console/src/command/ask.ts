// A question to whoever sits at the terminal.

import { createInterface } from "node:readline/promises";
import { throwIfStopped, UsageError } from "@forklift/pipeline";
import type { Host } from "./host.ts";

/**
 * Whether the answer is yes; anything else, and the end of the input, is no.
 * @throws UsageError where nobody can be asked; `instead` names the option that answers.
 */
export async function askYes(
  { terminal, stderr, signal }: Host,
  question: string,
  instead: string,
): Promise<boolean> {
  if (terminal === null) {
    throw new UsageError(`${question} There is no terminal to answer on`, {
      hint: `add ${instead} if you are sure`,
    });
  }
  // Without the line editor, which would keep Ctrl-C from the process.
  const lines = createInterface({ input: terminal, output: stderr, terminal: false });
  // An answer without a line behind it is still one.
  const ended = new Promise<string>((resolve) => {
    lines.once("close", () => setImmediate(resolve, ""));
  });
  try {
    const answer = lines.question(`${question} [y/N] `, { signal }).catch(() => "");
    return /^\s*y(es)?\s*$/i.test(await Promise.race([answer, ended]));
  } finally {
    lines.close();
    throwIfStopped(signal, "the question");
  }
}
