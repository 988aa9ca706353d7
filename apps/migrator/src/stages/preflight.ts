// Refuses, before the first write, whatever would stop the migration later.

import { auditSource, type Finding, identifySchema, requireSchema } from "@forklift/archive";
import { type BlockRef, blockFileName, parseStateHash } from "@forklift/chain";
import { ConfigError, SourceDataError, type WholeStage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { chooseRange } from "../migration-range.ts";
import type { MigratorWorld } from "../world.ts";

/** What the following stages will do, for people to read. */
interface Plan {
  readonly network: string;
  readonly targetTip: BlockRef | null;
  readonly tip: BlockRef;
  readonly blockCount: bigint;
  /** Blocks that the source still holds as pending, and that the stop point makes canonical. */
  readonly pendingCount: number;
}

export const preflight: WholeStage<MigratorWorld, Plan> = {
  id: "preflight",
  kind: "whole",

  async plan(world) {
    const { source, target, network } = world;
    await requireSchema(source, { role: "source", era: "mainnet" });
    const targetSchema = await identifySchema(target);
    if (targetSchema.kind !== "empty") {
      await requireSchema(target, { role: "target", era: "berkeley" });
    }
    const targetHasSchema = targetSchema.kind === "berkeley";
    await requireGenesis(source, world, "source");
    if (targetHasSchema) await requireGenesis(target, world, "target");

    const { chain, targetTip } = await chooseRange(world, { targetHasSchema });
    throwIfFaulty(await auditSource(source, chain), network.name);
    const above = targetTip?.height ?? 0n;
    return {
      network: network.name,
      targetTip,
      tip: chain.tip,
      blockCount: chain.tip.height > above ? chain.tip.height - above : 0n,
      pendingCount: chain.tail.length,
    };
  },

  /** Everything was asked while planning. */
  async run() {
    return { rowCount: 0 };
  },

  async verify() {
    return [];
  },
};

async function requireGenesis(
  session: Session,
  { network }: MigratorWorld,
  role: string,
): Promise<void> {
  const [block] = await session.query<{ state_hash: string }>(
    "select state_hash from blocks where height = 1 order by chain_status limit 1",
  );
  if (block === undefined || block.state_hash === network.genesis.stateHash) return;
  throw new ConfigError(
    `the ${role} ${session.maskedUrl} begins with genesis block ${block.state_hash}, but ${network.name} begins ` +
      `with ${network.genesis.stateHash}`,
    { hint: `this is the archive of another network than ${network.name}` },
  );
}

function throwIfFaulty(findings: readonly Finding[], network: string): void {
  if (findings.length === 0) return;
  const files = findings.flatMap(({ missing }) =>
    missing === null
      ? []
      : [
          blockFileName({
            network,
            height: missing.height,
            stateHash: parseStateHash(missing.stateHash),
          }),
        ],
  );
  const faults = findings.map(({ fault }) => fault).join("; ");
  throw new SourceDataError(`the source is not a whole chain: ${faults}`, {
    hint:
      files.length > 0
        ? `patch the source with ${files.join(", ")}, then run again`
        : "repair these rows in the source, then run again",
  });
}
