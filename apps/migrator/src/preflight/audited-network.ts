// What an audit of a source takes from its network.

import type { AuditOptions, SourceChain, StopPoint } from "@forklift/archive";
import type { Network } from "@forklift/network";

export function auditedNetwork({
  name,
  genesis,
}: Network): Pick<AuditOptions, "network" | "finality"> {
  return { network: name, finality: genesis.protocolState.body.constants.k };
}

/** Whether the chain ends where somebody says, be it above the highest canonical block or below. */
export function hasEnd(
  { tip }: SourceChain,
  { stop, network }: { readonly stop: StopPoint; readonly network: Network | null },
): boolean {
  if (stop.forkStateHash !== null || stop.stopAtHeight !== null) return true;
  return tip.stateHash === network?.lastPreForkBlock?.stateHash;
}
