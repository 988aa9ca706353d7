// Looks for everything in the source that would stop a migration half-way, before the first write,
// and for what lies beside the chain and will trouble a later run. Reads only.

import type { Session } from "@forklift/postgres";
import { auditBesideChain, auditCommands } from "./audit-commands.ts";
import { auditLinks } from "./audit-links.ts";
import type { AuditOptions } from "./audit-question.ts";
import type { SourceChain } from "./source-chain.ts";
import type { Finding, FindingKind, SourceAudit } from "./source-finding.ts";

/** When no finding stops the migration, the chain can be copied from genesis to its tip. */
export async function auditSource(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<SourceAudit> {
  const found = [
    ...(await auditLinks(source, chain, options)),
    ...(await auditCommands(source, chain, options)),
    ...(await auditBesideChain(source, options)),
  ];
  const counts: Partial<Record<FindingKind, number>> = {};
  let stoppingCount = 0;
  for (const { kind, findings, count } of found) {
    if (count > 0) counts[kind] = (counts[kind] ?? 0) + count;
    // The answers to one question all stop, or none does.
    if (findings[0]?.stopsMigration === true) stoppingCount += count;
  }
  const findings = found.flatMap((answer) => answer.findings).sort(byHeight);
  return { findings, counts, stoppingCount };
}

/** Faults without a height stand last. */
function byHeight(a: Finding, b: Finding): number {
  if (a.height === null || b.height === null) {
    return Number(a.height === null) - Number(b.height === null);
  }
  return Number(a.height - b.height);
}
