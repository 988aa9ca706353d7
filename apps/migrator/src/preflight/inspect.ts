// Inspects the inputs of a migration, before its first write: what is at each URL, whether
// source, target, network and genesis ledger belong together, and whether the chain is whole. Without a source,
// the walk along the block files tells of the chain.

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
import { derivedGenesisNote } from "@forklift/network";
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
  /** What is to be said of a genesis block that was derived, and that nothing has confirmed yet. */
  readonly genesisNote: string | null;
  /** The source's where there is one, then the target's likewise. */
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
  const genesisNote = source === null ? null : await inspectSource(source, context);
  const targetState = await identifyTarget(target);
  if (target !== null && targetState === "archive") {
    await requireGenesis(target, context, "target");
    // The next queries are about the first blocks and about single heights.
    await requireWholeTarget(target);
    await requireSameForm(target, context);
    // The stage that goes on with them queries again; by then blocks have been written.
    await countGenesisAccounts(target, context.genesisLedger);
  }
  const range = await chooseRange(context, { targetHasSchema: targetState === "archive" });
  const servers = target === null ? [] : [await readServerSettings(target, "target")];
  if (source === null) return { range, targetState, audit: NOTHING_FOUND, genesisNote, servers };
  const above = range.targetTip?.height ?? 0n;
  const audit = await auditSource(source, range.chain, { ...auditOptions(context, range), above });
  servers.unshift(await readServerSettings(source, "source"));
  return { range, targetState, audit, genesisNote, servers };
}

/** Of a run without a source: what its block files are is found where they are read. */
const NOTHING_FOUND: SourceAudit = { findings: [], counts: {}, stoppingCount: 0 };

async function inspectSource(source: Session, context: InspectedContext): Promise<string | null> {
  await requireSchema(source, { role: "source", era: "mainnet" });
  await requireReadable(source);
  const hasGenesis = await requireGenesis(source, context, "source");
  return derivedGenesisNote(context.network, hasGenesis);
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
