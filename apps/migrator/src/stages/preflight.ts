// Refuses, before the first write, whatever would stop the migration later.

import { auditError, countNotMigrated, type NotMigrated, walkSourceFrom } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import type { WholeStage } from "@forklift/pipeline";
import { settingWarnings } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { chosenBranches } from "../preflight/chosen-branches.ts";
import { estimatedBytes } from "../preflight/estimates.ts";
import { type Inspection, inspect } from "../preflight/inspect.ts";
import { checksOfTip, requireTip } from "../preflight/tip-of-files.ts";

/** What the following stages will do, for people to read. */
interface Plan {
  readonly network: string;
  readonly targetTip: BlockRef | null;
  readonly tip: BlockRef;
  readonly blockCount: bigint;
  /** Blocks that the source still holds as pending, and that the stop point makes canonical. */
  readonly pendingCount: number;
  /** What the operator was warned about: settings of the servers, faults beside the chain. */
  readonly warnings: readonly string[];
  /** Null without a source. */
  readonly leftBehind: NotMigrated | null;
}

export const preflight: WholeStage<MigratorContext, Plan> = {
  id: "preflight",
  kind: "whole",

  async plan(context) {
    const inspection = await inspect(context);
    if (inspection.audit.stoppingCount > 0 && context.heals !== true) {
      throw auditError(inspection.audit);
    }
    const { chain, targetTip } = inspection.range;
    const { source } = context;
    if (source === null) await requireTip(context, chain.tip);
    const leftBehind =
      source === null
        ? null
        : await countNotMigrated(source, chain, chosenBranches(context, chain));
    const warnings = warningsOf(inspection, leftBehind);
    for (const warning of warnings) context.warn(warning);
    return {
      network: context.network.name,
      targetTip,
      tip: chain.tip,
      blockCount: blockCountOf(inspection),
      pendingCount: chain.tail.length,
      warnings,
      leftBehind,
    };
  },

  /** Every query ran while planning; the report lists what is not migrated. */
  async run(_world, { leftBehind }) {
    return { rowCount: 0, ...(leftBehind !== null && { leftBehind: { ...leftBehind } }) };
  },

  /** From the tip down by parent hash, where the plan went up by height: one walk, one chain. */
  async verify(context, { tip }) {
    if (context.source === null) return await checksOfTip(context, tip);
    // Links that are damaged lead nowhere: the copy compares each with the block file.
    if (context.heals === true) return [];
    const { walked, lowest } = await walkSourceFrom(context.source, tip.stateHash);
    return [
      { name: "blocks of the chain", expected: String(tip.height), actual: walked },
      { name: "lowest height of the chain", expected: "1", actual: lowest ?? "none" },
    ];
  },
};

function blockCountOf({ range: { chain, targetTip } }: Inspection): bigint {
  const above = targetTip?.height ?? 0n;
  return chain.tip.height > above ? chain.tip.height - above : 0n;
}

/** Faults of one kind are one sentence: a source may have thousands that do not matter. */
function warningsOf(inspection: Inspection, leftBehind: NotMigrated | null): string[] {
  const { audit, servers, range, genesisNote } = inspection;
  const load = {
    bytes: estimatedBytes(servers, {
      blockCount: Number(blockCountOf(inspection)),
      height: Number(range.chain.tip.height),
    }),
  };
  const faults = Object.entries(audit.counts).map(([kind, count]) => {
    const first = audit.findings.find((finding) => finding.kind === kind);
    const where = first?.stopsMigration === true ? "in the source" : "beside the chain";
    return `${where}: ${first?.fault ?? kind}${count > 1 ? ` (and ${count - 1} more)` : ""}`;
  });
  const uncounted =
    leftBehind !== null && leftBehind.balances === undefined
      ? ["balances of the source, which stay behind, are not counted: the role may not read them"]
      : [];
  return [
    ...(genesisNote === null ? [] : [genesisNote]),
    ...servers.flatMap((server) => settingWarnings(server, load)),
    ...faults,
    ...uncounted,
  ];
}
