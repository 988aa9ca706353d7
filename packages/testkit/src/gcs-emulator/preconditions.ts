// Conditions on an object's generation. One that is not understood is refused: to ignore it would
// let a test pass that the real service fails.

import type { StoredResource } from "./bucket-files.ts";
import { Refusal } from "./refusal.ts";

export interface Preconditions {
  readonly ifGenerationMatch?: string;
  readonly ifGenerationNotMatch?: string;
}

export function readPreconditions(query: URLSearchParams): Preconditions {
  for (const name of query.keys()) {
    const isKnown = name === "ifGenerationMatch" || name === "ifGenerationNotMatch";
    if (name.startsWith("if") && !isKnown) throw new Refusal(501, `${name} is not emulated`);
  }
  const match = query.get("ifGenerationMatch");
  const notMatch = query.get("ifGenerationNotMatch");
  return {
    ...(match === null ? {} : { ifGenerationMatch: match }),
    ...(notMatch === null ? {} : { ifGenerationNotMatch: notMatch }),
  };
}

/** Generation 0 stands for an object that does not exist. */
export function checkPreconditions(wanted: Preconditions, found: StoredResource | null): void {
  const generation = `${found?.generation ?? 0}`;
  const { ifGenerationMatch = generation, ifGenerationNotMatch } = wanted;
  if (ifGenerationMatch !== generation || ifGenerationNotMatch === generation) {
    throw new Refusal(412, "At least one of the pre-conditions you specified did not hold.");
  }
}
