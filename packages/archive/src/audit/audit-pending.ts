// The audit's questions about blocks without a verdict yet. Most lie beside the chain and stop nobody. But
// where the highest of them hang above a gap, the archive node cannot call any block canonical any more:
// the chain ends where it ended when the block was lost, and every later run would find nothing new.

import type { Session } from "@forklift/postgres";
import { type SourceStatus, statusInWords, statusOf } from "../source/chain-status.ts";
import { type Finding, mendingFile } from "../source/source-finding.ts";
import { type AuditOptions, FINDINGS_MAX, type Found, foundIn } from "./audit-question.ts";

/** Of mainnet and of every other public network. */
const PUBLIC_FINALITY = 290n;

export async function auditPending(
  source: Session,
  options: AuditOptions,
): Promise<readonly Found[]> {
  const stalled = await findStalled(source, options);
  const gaps = await auditGaps(source, stalled, options);
  return [
    gaps,
    // Without a missing block it is the status or the height of one that is there.
    ...(stalled === null || gaps.count > 0 ? [] : [brokenLink(stalled, options)]),
    await auditStale(source),
  ];
}

/** Where the canonical chain ends, and the walk down from the highest block does not come to it. */
interface Stalled {
  readonly canonical_height: string;
  readonly canonical: string;
  readonly top_height: string;
  /** The lowest block that parent hashes lead to from the highest one. */
  readonly height: string;
  readonly state_hash: string;
  readonly parent_hash: string;
  readonly chain_status: SourceStatus;
}

async function findStalled(
  source: Session,
  { finality = PUBLIC_FINALITY, hasEnd = false }: AuditOptions,
): Promise<Stalled | null> {
  if (hasEnd) return null;
  const [stalled] = await source.query<Stalled>(
    `with recursive canonical as (
       select height, state_hash from blocks where chain_status = 'canonical'
       order by height desc limit 1
     ), top as (
       select max(b.height) as height from blocks b where ${statusOf("b")} <> 'orphaned'
     ), walk as (
       select b.height, b.state_hash, b.parent_hash, b.chain_status
       from blocks b join top on top.height = b.height where ${statusOf("b")} <> 'orphaned'
       union
       select parent.height, parent.state_hash, parent.parent_hash, parent.chain_status
       from blocks parent join walk
         on parent.state_hash = walk.parent_hash and parent.height < walk.height
       where ${statusOf("walk")} = 'pending'
     )
     select canonical.height as canonical_height, canonical.state_hash as canonical,
            top.height as top_height, walk.height, walk.state_hash, walk.parent_hash,
            walk.chain_status::text
     from canonical, top, walk
     where top.height - canonical.height > $1
       and not exists (select from walk root where root.chain_status = 'canonical')
     order by walk.height, walk.state_hash limit 1`,
    [finality],
  );
  return stalled ?? null;
}

/** That is why the chain does not go on; else each is of a branch that may never matter. */
async function auditGaps(
  source: Session,
  stalled: Stalled | null,
  { network }: AuditOptions,
): Promise<Found> {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    chain_status: SourceStatus;
    total: string;
  }>(
    `select b.height, b.state_hash, b.parent_hash, b.chain_status::text, count(*) over () as total
     from blocks b
     where ${statusOf("b")} = 'pending'
       and b.height > (select max(height) from blocks where chain_status = 'canonical')
       and not exists (select from blocks parent where parent.state_hash = b.parent_hash)
     order by b.height, b.state_hash limit $1`,
    [FINDINGS_MAX],
  );
  return foundIn("missing-block", rows, ({ height, state_hash, parent_hash, chain_status }) => {
    const missing = { height: BigInt(height) - 1n, stateHash: parent_hash };
    const child =
      chain_status === null
        ? `block ${state_hash} at height ${height}, which ${statusInWords(chain_status)},`
        : `pending block ${state_hash} at height ${height}`;
    return {
      ...missing,
      parentHash: null,
      fault: `${whyStalled(stalled)}${child} has parent ${parent_hash}, which is missing`,
      mend: mendingFile("add", network, missing),
      stopsMigration: stalled !== null,
    };
  });
}

function whyStalled(stalled: Stalled | null): string {
  if (stalled === null) return "";
  const { canonical, canonical_height, top_height } = stalled;
  return (
    `no block above ${canonical} at height ${canonical_height} can become canonical, though the source goes ` +
    `on to height ${top_height}: `
  );
}

function brokenLink(stalled: Stalled, { network }: AuditOptions): Found {
  const { height, state_hash, parent_hash, chain_status } = stalled;
  const place = { height: BigInt(height), stateHash: state_hash };
  const isPending = chain_status === null || chain_status === "pending";
  const finding: Omit<Finding, "kind"> = {
    ...place,
    parentHash: parent_hash,
    fault:
      `${whyStalled(stalled)}block ${state_hash} at height ${height} ` +
      (isPending
        ? `has parent ${parent_hash}, which does not stand below it`
        : `${statusInWords(chain_status)}, but it is an ancestor of the highest block`),
    mend: isPending ? mendingFile("replace", network, place) : null,
    stopsMigration: true,
  };
  return foundIn(isPending ? "height" : "chain-status", [{ total: "1" }], () => finding);
}

/** Once a height has its canonical block, the others at it are orphaned. */
async function auditStale(source: Session): Promise<Found> {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    chain_status: SourceStatus;
    total: string;
  }>(
    `select b.height, b.state_hash, b.parent_hash, b.chain_status::text, count(*) over () as total
     from blocks b
     where ${statusOf("b")} = 'pending' and exists (
       select from blocks canonical
       where canonical.chain_status = 'canonical' and canonical.height = b.height)
     order by b.height, b.state_hash limit $1`,
    [FINDINGS_MAX],
  );
  return foundIn("chain-status", rows, ({ height, state_hash, parent_hash, chain_status }) => ({
    height: BigInt(height),
    stateHash: state_hash,
    parentHash: parent_hash,
    fault: `block ${state_hash} at height ${height} ${statusInWords(chain_status)} beside a canonical block`,
    mend: null,
    stopsMigration: false,
  }));
}
