// What a schema says against a value, on one line.

import type { z } from "zod";

/** `genesis.stateHash: expected …; files[0].name: …`; the whole value has no path before it. */
export function issuesText({ issues }: z.ZodError): string {
  return issues
    .map(({ path, message }) => {
      const said = message.replace(/^Invalid input: /, "");
      return path.length === 0 ? said : `${pathText(path)}: ${said}`;
    })
    .join("; ");
}

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}
