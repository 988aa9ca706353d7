// Looks for everything in the source that would stop a migration half-way, before the first write,
// and for what lies beside the chain and will trouble a later run. Reads only.

import type { Session } from "@forklift/postgres";
import type { SourceChain } from "../source/source-chain.ts";
import {
  FINDINGS_LISTED_MAX,
  type Finding,
  type FindingKind,
  type SourceAudit,
} from "../source/source-finding.ts";
import { auditBlockRows } from "./audit-block-rows.ts";
import { auditCommands, auditUnincludedCommands } from "./audit-commands.ts";
import { auditCreationFees } from "./audit-creation-fees.ts";
import { auditLinks } from "./audit-links.ts";
import { auditNulls } from "./audit-nulls.ts";
import { auditPending } from "./audit-pending.ts";
import type { AuditOptions, Found } from "./audit-question.ts";

/** When no finding stops the migration, the chain can be copied from genesis to its tip. */
export async function auditSource(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<SourceAudit> {
  const nulls = await auditNulls(source, chain, options);
  // The other questions compare those values; they are asked once these are there.
  const found = nulls.some(({ count }) => count > 0)
    ? nulls
    : await auditValues(source, chain, options);
  const counts: Partial<Record<FindingKind, number>> = {};
  let stoppingCount = 0;
  for (const { kind, findings, count } of found) {
    if (count > 0) counts[kind] = (counts[kind] ?? 0) + count;
    if (isStopping(findings)) stoppingCount += count;
  }
  const findings = found.flatMap((answer) => kept(answer.findings)).sort(byHeight);
  return { findings, counts, stoppingCount };
}

async function auditValues(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<Found[]> {
  const found = [
    ...(await auditBlockRows(source, options)),
    ...(await auditLinks(source, chain, options)),
    ...(await auditPending(source, options)),
    ...(await auditCommands(source, chain, options)),
    ...(await auditUnincludedCommands(source)),
  ];
  // With a block, the first receipts of accounts are lost: whatever opens one is known of a whole chain.
  if (found.some(({ findings }) => isStopping(findings))) return found;
  return [...found, ...(await auditCreationFees(source, chain, options))];
}

/** The answers to one question all stop, or none does. */
function isStopping([first]: readonly Finding[]): boolean {
  return first?.stopsMigration === true;
}

/** What lies beside the chain has no file that a migration waits for: its first ones will do. */
function kept(findings: readonly Finding[]): readonly Finding[] {
  return isStopping(findings) ? findings : findings.slice(0, FINDINGS_LISTED_MAX);
}

/** Faults without a height stand last. */
function byHeight(a: Finding, b: Finding): number {
  if (a.height === null || b.height === null) {
    return Number(a.height === null) - Number(b.height === null);
  }
  return Number(a.height - b.height);
}
