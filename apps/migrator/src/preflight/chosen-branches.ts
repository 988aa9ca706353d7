// Which blocks beside the chain a run migrates, and whether a target can hold that history.

import {
  branchesOf,
  findBranchBlock,
  findBranchBlockAbove,
  type SourceBranches,
  type SourceChain,
} from "@forklift/archive";
import { type BlockRef, least } from "@forklift/chain";
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
  asked: Asked,
  { chain, targetTip }: { readonly chain: SourceChain; readonly targetTip: BlockRef },
): Promise<void> {
  const { history = "canonical" } = asked;
  if (history === "canonical") {
    const block = await findBranchBlock(target, ["orphaned", "pending"]);
    if (block !== null) throw holds(target, block, "a canonical history has none");
    return;
  }
  if (history === "complete") {
    const block = await findBranchBlock(target, ["pending"]);
    if (block !== null) throw holds(target, block, "a complete history has orphaned ones only");
  }
  if (!hasEnd(chain, asked)) return;
  const above = await findBranchBlockAbove(target, chain.tip.height);
  if (above === null) return;
  const toHeight = least(chain.tip.height, targetTip.height);
  throw new ConfigError(
    `the target ${target.maskedUrl} has the ${above.status} block ${above.stateHash} at height ` +
      `${above.height}, above the stop point ${chain.tip.stateHash} at height ${chain.tip.height}`,
    {
      hint:
        `forklift unwind --target-db ${target.maskedUrl} --to-height ${toHeight} takes it back; or start ` +
        "from an older set or from an empty target",
    },
  );
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
