// A pending tail on the ledger of a block of the target, from the nearest checkpoint and the target's rows.

import type { TargetBlock } from "@forklift/archive";
import type { ReplayerContext } from "../context.ts";
import { ledgerAfter, type StartContext } from "../range/starting-point.ts";
import { PendingTail } from "./pending-tail.ts";

/**
 * @param block replayed. The ledger is one of the tail's own: as large as that of a replay.
 * @throws VerificationError when the target's accounts do not hash to what its block says.
 */
export async function openPendingTail(
  context: StartContext & Pick<ReplayerContext, "threads">,
  block: TargetBlock,
): Promise<PendingTail> {
  const { network, threads } = context;
  return new PendingTail(await ledgerAfter(context, block), block, { network, threads });
}
