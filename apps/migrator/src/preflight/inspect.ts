// Inspects the inputs of a migration, before its first write: what is at each URL, whether
// source, target, network and genesis ledger belong together, and whether the chain is whole.

import {
  type AuditOptions,
  auditSource,
  identifySchema,
  readGenesisBlock,
  requireNoLaterBlocks,
  requireOwnSchema,
  requireReadable,
  requireSchema,
  requireWritable,
  type SourceAudit,
} from "@forklift/archive";
import { requireGenesisBlock } from "@forklift/context";
import { ACCOUNT_CREATION_FEE } from "@forklift/ledger";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { readServerSettings, type ServerSettings } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { auditedNetwork, hasEnd } from "./audited-network.ts";
import { countGenesisAccounts } from "./genesis-accounts.ts";
import { chooseRange, type MigrationRange, type RangeContext } from "./migration-range.ts";
import { requireSameForm } from "./target-form.ts";
import { requireWholeTarget } from "./whole-target.ts";

export interface InspectedContext
  extends RangeContext,
    Pick<MigratorContext, "genesisLedger" | "form" | "comparesCreationFees"> {}

export type TargetState = "missing" | "empty" | "archive";

export interface Inspection {
  readonly range: MigrationRange;
  readonly targetState: TargetState;
  readonly audit: SourceAudit;
  /** Whether the source has its genesis block, which then is the network's. */
  readonly hasGenesis: boolean;
  /** The source's, then the target's where there is one. */
  readonly servers: readonly ServerSettings[];
}

/**
 * Reads only.
 * @throws ConfigError for a wrong, swapped, half-made or changed database, another network, or a role that
 * may not do what the migration does; SourceDataError for a stop point that is not to be had. What
 * the audit finds is not thrown.
 */
export async function inspect(context: InspectedContext): Promise<Inspection> {
  const { source, target } = context;
  await requireSchema(source, { role: "source", era: "mainnet" });
  await requireReadable(source);
  const targetState = await identifyTarget(target);
  const hasGenesis = await requireGenesis(source, context, "source");
  if (target !== null && targetState === "archive") {
    await requireGenesis(target, context, "target");
    // The next queries are about the first blocks and about single heights.
    await requireWholeTarget(target);
    await requireSameForm(target, context);
    // The stage that goes on with them queries again; by then blocks have been written.
    await countGenesisAccounts(target, context.genesisLedger);
  }
  const range = await chooseRange(context, { targetHasSchema: targetState === "archive" });
  const above = range.targetTip?.height ?? 0n;
  const audit = await auditSource(source, range.chain, { ...auditOptions(context, range), above });
  const servers = [await readServerSettings(source, "source")];
  if (target !== null) servers.push(await readServerSettings(target, "target"));
  return { range, targetState, audit, hasGenesis, servers };
}

function auditOptions(
  { stop, network, genesisLedger, comparesCreationFees = true }: InspectedContext,
  { chain }: MigrationRange,
): Omit<AuditOptions, "above"> {
  const genesisKeys = genesisLedger.accounts.map(({ publicKey }) => publicKey);
  return {
    ...auditedNetwork(network),
    hasEnd: hasEnd(chain, { stop, network }),
    creationFees: comparesCreationFees ? { fee: ACCOUNT_CREATION_FEE, genesisKeys } : null,
  };
}

async function identifyTarget(target: Session | null): Promise<TargetState> {
  if (target === null) return "missing";
  const isEmpty = (await identifySchema(target)).kind === "empty";
  if (!isEmpty) {
    await requireSchema(target, { role: "target", era: "berkeley" });
    await requireOwnSchema(target);
    await requireNoLaterBlocks(target);
  }
  await requireWritable(target, { isEmpty });
  return isEmpty ? "empty" : "archive";
}

/** Genesis block, network and genesis ledger are three accounts of one thing. False without the first. */
async function requireGenesis(
  session: Session,
  { network, genesisLedger }: InspectedContext,
  role: "source" | "target",
): Promise<boolean> {
  // A second block at height 1 is the audit's to find.
  const genesis = await readGenesisBlock(session);
  requireGenesisBlock(session, { role, network, genesis });
  if (genesis === null || genesis.ledgerHash === genesisLedger.ledgerHash) return genesis !== null;
  const { name } = network;
  throw new ConfigError(
    `the genesis block of the ${role} ${session.maskedUrl} has ledger hash ${genesis.ledgerHash}, ` +
      `the genesis ledger of ${name} hashes to ${genesisLedger.ledgerHash}`,
    { hint: `check genesisLedger, and that this is an archive of ${name}` },
  );
}
