// Refuses a file with a wrong signature, for those who ask another source then.

import type { BlockRef } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { BlockContent } from "./verify-block.ts";

/**
 * To be called by `accept` of a block that `checksSignatures`; says nothing of one whose signatures were not checked.
 * @throws SourceDataError that names the first command whose signature is wrong.
 */
export function requireRightSignatures(
  { height, stateHash }: BlockRef,
  { signatures, userCommands }: Pick<BlockContent, "signatures" | "userCommands">,
): void {
  const wrong = signatures?.wrong ?? [];
  const [first] = wrong;
  if (first === undefined) return;
  const { command, sequenceNo } = userCommands[first]!;
  const more = wrong.length === 1 ? "" : `, nor are those of ${wrong.length - 1} more`;
  throw new SourceDataError(
    `block ${stateHash} at height ${height}: the signature of user command ${command.hash}, ` +
      `sequence number ${sequenceNo}, is not that of its fee payer ${command.feePayer}${more}`,
    {
      hint:
        "name another source of blocks besides; where every signature of a network is wrong, " +
        "check signatureKind in its preset",
    },
  );
}
