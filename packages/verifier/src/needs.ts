// Whether a verification has what a check cannot do without.

import type { Need } from "./check.ts";
import type { VerifierContext } from "./context.ts";

/** Whether any signature is checked; they stand in the blocks. */
export function asksSignatures({
  blocks,
  grounds,
}: Pick<VerifierContext, "blocks" | "grounds">): boolean {
  return blocks !== null && grounds !== undefined && grounds.signatures.which !== "none";
}

export function isMet(needs: readonly Need[], scope: VerifierContext): boolean {
  const has: Readonly<Record<Need, boolean>> = {
    source: scope.source !== null,
    "creation fees": scope.comparesCreationFees ?? true,
    blocks: scope.blocks !== null,
    signatures: asksSignatures(scope),
    "fork config": scope.forkGenesisConfigUrl !== undefined,
    "proven part": scope.proven !== null,
    branches: (scope.history ?? "canonical") !== "canonical",
    "later blocks": scope.archive?.goesOn === true,
    "no later blocks": scope.archive?.goesOn !== true,
  };
  return needs.every((need) => has[need]);
}
