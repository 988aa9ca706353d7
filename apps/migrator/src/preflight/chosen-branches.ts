// Which blocks beside the chain a run migrates, and whether a target can hold that history.

import {
  branchesOf,
  findBranchBlock,
  findBranchBlockAbove,
  type SourceBranches,
  type SourceChain,
} from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { hasEnd } from "./audited-network.ts";

type Asked = Pick<MigratorContext, "history" | "stop" | "network">;

/** Null for a canonical history. */
export function chosenBranches(
  { history = "canonical", stop, network }: Asked,
  chain: SourceChain,
): SourceBranches | null {
  return branchesOf(history, chain, { hasEnd: hasEnd(chain, { stop, network }) });
}

/**
 * A history that was begun with branches goes on with them: else nobody would bring their chain status up to
 * date.
 * @throws ConfigError when the target holds blocks that the run would not have migrated.
 */
export async function requireSameHistory(
  target: Session,
  { history = "canonical" }: Pick<Asked, "history">,
): Promise<void> {
  if (history === "canonical") {
    const block = await findBranchBlock(target, ["orphaned", "pending"]);
    if (block !== null) throw holds(target, block, "a canonical history has none");
    return;
  }
  if (history === "complete") {
    const block = await findBranchBlock(target, ["pending"]);
    if (block !== null) throw holds(target, block, "a complete history has orphaned ones only");
  }
}

/**
 * Whether the target holds blocks beside its chain above the end of the run, as a history of all does until its
 * end is known: they are nobody's then.
 */
export async function hasBranchesAboveEnd(
  target: Session,
  asked: Asked,
  chain: SourceChain,
): Promise<boolean> {
  if (!hasEnd(chain, asked)) return false;
  return (await findBranchBlockAbove(target, chain.tip.height)) !== null;
}

interface Held extends BlockRef {
  readonly status: "orphaned" | "pending";
}

function holds(
  target: Session,
  { status, stateHash, height }: Held,
  expected: string,
): ConfigError {
  const history = status === "pending" ? "all" : "complete";
  return new ConfigError(
    `the target ${target.maskedUrl} has the ${status} block ${stateHash} at height ${height} beside its chain: ` +
      expected,
    { hint: `run with --history ${history}, or start from an empty target` },
  );
}
