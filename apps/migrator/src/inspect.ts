// Looks at everything that a migration rests on, before its first write: what is at each URL, whether
// source, target, network and genesis ledger belong together, and whether the chain is whole.

import {
  auditSource,
  identifySchema,
  readServerSettings,
  requireReadable,
  requireSchema,
  requireWritable,
  type ServerSettings,
  type SourceAudit,
} from "@forklift/archive";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { countGenesisAccounts } from "./genesis-accounts.ts";
import { chooseRange, type MigrationRange, type RangeWorld } from "./migration-range.ts";
import { requireSameForm } from "./target-form.ts";
import { requireWholeTarget } from "./whole-target.ts";
import type { MigratorWorld } from "./world.ts";

export interface InspectedWorld extends RangeWorld, Pick<MigratorWorld, "genesisLedger" | "form"> {}

export type TargetState = "missing" | "empty" | "archive";

export interface Inspection {
  readonly range: MigrationRange;
  readonly targetState: TargetState;
  readonly audit: SourceAudit;
  /** The source's, then the target's where there is one. */
  readonly servers: readonly ServerSettings[];
}

/**
 * Reads only.
 * @throws ConfigError for a wrong, swapped, half-made or changed database, another network, or a role that
 * may not do what the migration does; SourceDataError for a stop point that is not to be had. What
 * the audit finds is not thrown.
 */
export async function inspect(world: InspectedWorld): Promise<Inspection> {
  const { source, target, network } = world;
  await requireSchema(source, { role: "source", era: "mainnet" });
  await requireReadable(source);
  const targetState = await identifyTarget(target);
  await requireGenesis(source, world, "source");
  if (target !== null && targetState === "archive") {
    await requireGenesis(target, world, "target");
    // What is asked next is asked of the first blocks, and of single heights.
    await requireWholeTarget(target);
    await requireSameForm(target, world);
    // The stage that goes on with them asks again; by then blocks have been written.
    await countGenesisAccounts(target, world.genesisLedger);
  }
  const range = await chooseRange(world, { targetHasSchema: targetState === "archive" });
  const above = range.targetTip?.height ?? 0n;
  const audit = await auditSource(source, range.chain, { network: network.name, above });
  const servers = [await readServerSettings(source, "source")];
  if (target !== null) servers.push(await readServerSettings(target, "target"));
  return { range, targetState, audit, servers };
}

async function identifyTarget(target: Session | null): Promise<TargetState> {
  if (target === null) return "missing";
  const isEmpty = (await identifySchema(target)).kind === "empty";
  if (!isEmpty) await requireSchema(target, { role: "target", era: "berkeley" });
  await requireWritable(target, { isEmpty });
  return isEmpty ? "empty" : "archive";
}

/** Genesis block, network and genesis ledger are three accounts of one thing. */
async function requireGenesis(
  session: Session,
  { network, genesisLedger }: InspectedWorld,
  role: "source" | "target",
): Promise<void> {
  const { genesis, name } = network;
  // A second block at height 1 is the audit's to find; the canonical one comes first.
  const [block] = await session.query<{ state_hash: string; ledger_hash: string }>(
    "select state_hash, ledger_hash from blocks where height = 1 order by chain_status limit 1",
  );
  if (block === undefined) return;
  if (block.state_hash !== genesis.stateHash) {
    throw new ConfigError(
      `the ${role} ${session.maskedUrl} begins with genesis block ${block.state_hash}, but ${name} ` +
        `begins with ${genesis.stateHash}`,
      { hint: `this is the archive of another network than ${name}` },
    );
  }
  if (block.ledger_hash === genesisLedger.ledgerHash) return;
  throw new ConfigError(
    `the genesis block of the ${role} ${session.maskedUrl} has ledger hash ${block.ledger_hash}, ` +
      `the genesis ledger of ${name} hashes to ${genesisLedger.ledgerHash}`,
    { hint: `check genesisLedger, and that this is an archive of ${name}` },
  );
}
