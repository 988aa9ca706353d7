// Refuses, before the first write, whatever would stop the migration later.

import { auditError, countLeftBehind, type LeftBehind, settingWarnings } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import type { WholeStage } from "@forklift/pipeline";
import { type Inspection, inspect } from "../inspect.ts";
import { estimatedBytes } from "../plan/estimates.ts";
import type { MigratorWorld } from "../world.ts";

/** What the following stages will do, for people to read. */
interface Plan {
  readonly network: string;
  readonly targetTip: BlockRef | null;
  readonly tip: BlockRef;
  readonly blockCount: bigint;
  /** Blocks that the source still holds as pending, and that the stop point makes canonical. */
  readonly pendingCount: number;
  /** What the operator was told of: settings of the servers, faults beside the chain. */
  readonly warnings: readonly string[];
  readonly leftBehind: LeftBehind;
}

export const preflight: WholeStage<MigratorWorld, Plan> = {
  id: "preflight",
  kind: "whole",

  async plan(world) {
    const inspection = await inspect(world);
    if (inspection.audit.stoppingCount > 0) throw auditError(inspection.audit);
    const { chain, targetTip } = inspection.range;
    const leftBehind = await countLeftBehind(world.source, chain);
    const warnings = warningsOf(inspection, leftBehind);
    for (const warning of warnings) world.warn(warning);
    return {
      network: world.network.name,
      targetTip,
      tip: chain.tip,
      blockCount: blockCountOf(inspection),
      pendingCount: chain.tail.length,
      warnings,
      leftBehind,
    };
  },

  /** Everything was asked while planning; what stays behind is told in the report. */
  async run(_world, { leftBehind }) {
    return { rowCount: 0, leftBehind: { ...leftBehind } };
  },

  /**
   * From the tip down by parent hash, where the plan went up by height: one walk, one chain. Heights
   * descend by one, so the walk ends even where links form a circle.
   */
  async verify({ source }, { tip }) {
    const [row] = await source.query<{ walked: string; lowest: string | null }>(
      `with recursive walk as (
         select parent_hash, height from blocks where state_hash = $1
         union all
         select parent.parent_hash, parent.height
         from blocks parent join walk
           on parent.state_hash = walk.parent_hash and parent.height = walk.height - 1
       )
       select count(*) as walked, min(height) as lowest from walk`,
      [tip.stateHash],
    );
    return [
      { name: "blocks of the chain", expected: String(tip.height), actual: row!.walked },
      { name: "lowest height of the chain", expected: "1", actual: row!.lowest ?? "none" },
    ];
  },
};

function blockCountOf({ range: { chain, targetTip } }: Inspection): bigint {
  const above = targetTip?.height ?? 0n;
  return chain.tip.height > above ? chain.tip.height - above : 0n;
}

/** Faults of one kind are one sentence: a source may have thousands that do not matter. */
function warningsOf(inspection: Inspection, leftBehind: LeftBehind): string[] {
  const { audit, servers, range } = inspection;
  const load = {
    bytes: estimatedBytes(servers[0], {
      blockCount: Number(blockCountOf(inspection)),
      height: Number(range.chain.tip.height),
    }),
  };
  const faults = Object.entries(audit.counts).map(([kind, count]) => {
    const first = audit.findings.find((finding) => finding.kind === kind);
    return `beside the chain: ${first?.fault ?? kind}${count > 1 ? ` (and ${count - 1} more)` : ""}`;
  });
  const uncounted =
    leftBehind.balances === undefined
      ? ["balances of the source, which stay behind, are not counted: the role may not read them"]
      : [];
  return [...servers.flatMap((server) => settingWarnings(server, load)), ...faults, ...uncounted];
}
