// How complete a target is: the blocks that it holds beside its chain, and those of the source that it does not.

import { countBranchBlocks, selectChain } from "@forklift/archive";
import { jsonNumber } from "@forklift/chain";
import { chosenBranches, nextBranchPage } from "@forklift/migrator";
import type { Manifest } from "@forklift/sets";
import type { JobContext } from "../context/job-context.ts";

/** Those that are named one by one. */
const NAMED_MAX = 100;

/** Blocks of the source that are looked for at once. */
const LOOKED_AT = 1_000;

type Beside = NonNullable<Extract<Manifest, { version: 2 }>["beside"]>;

/** Null for a canonical history. Asks both databases, whatever a stage has reported of them. */
export async function besideTheChain(
  context: Pick<JobContext, "source" | "target" | "history" | "stop" | "network">,
): Promise<Beside | null> {
  const { source, target, stop, network } = context;
  const chain = await selectChain(source, stop, network.name);
  const branches = chosenBranches(context, chain);
  if (branches === null) return null;
  const { orphaned, pending } = await countBranchBlocks(target);
  const firstLeftOut: Beside["firstLeftOut"] = [];
  let leftOut = 0;
  for (let page = await nextBranchPage(context, branches, null, LOOKED_AT); ; ) {
    leftOut += page.absent.length;
    for (const { height, stateHash } of page.absent.slice(0, NAMED_MAX - firstLeftOut.length)) {
      firstLeftOut.push({ height: jsonNumber(height), stateHash });
    }
    if (page.isLast) return { blocks: orphaned + pending, leftOut, firstLeftOut };
    page = await nextBranchPage(context, branches, page.last, LOOKED_AT);
  }
}
