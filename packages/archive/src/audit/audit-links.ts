// The audit's questions about blocks: does every height of the canonical chain have one block, and is
// each the child of the one below?

import type { Session } from "@forklift/postgres";
import { type SourceStatus, statusInWords, statusOf } from "../source/chain-status.ts";
import type { SourceChain } from "../source/source-chain.ts";
import { type Finding, type FindingKind, mendingFile } from "../source/source-finding.ts";
import { type AuditOptions, FINDINGS_MAX, type Found, foundIn } from "./audit-question.ts";

type Question = (
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
) => Promise<readonly Found[]>;

/** The tail above `canonicalHeight` was walked link by link when it was chosen. */
export async function auditLinks(...asked: Parameters<Question>): Promise<readonly Found[]> {
  const found: Found[] = [];
  // One after the other: a session takes one query at a time.
  for (const question of [auditGaps, auditTwins, auditParents, auditParentIds]) {
    found.push(...(await question(...asked)));
  }
  return found;
}

const GENESIS_HEIGHT = 1n;

/** Heights between two canonical blocks, or below the first, at which no block is canonical. */
interface Gap {
  /** The canonical block above the gap, whose parent hash names the topmost missing block. */
  readonly child: string;
  readonly child_height: string;
  readonly wanted: string;
  /** The height of the canonical block below the gap; 0 when there is none. */
  readonly bottom: string;
  readonly below: string | null;
  readonly total: string;
}

/** A block that lies in a gap, found by parent hash from the block above it. */
interface Walked {
  readonly child: string;
  readonly height: string;
  readonly state_hash: string;
  readonly parent_hash: string;
  readonly chain_status: SourceStatus;
}

const auditGaps: Question = async (source, { canonicalHeight }, { network }) => {
  const gaps = await source.query<Gap>(
    `select state_hash as child, height as child_height, parent_hash as wanted,
            coalesce(bottom, 0) as bottom, below, count(*) over () as total
     from (select height, state_hash, parent_hash, lag(height) over line as bottom,
                  lag(state_hash) over line as below
           from blocks where chain_status = 'canonical' and height <= $1
           window line as (order by height)) b
     where height - coalesce(bottom, 0) > 1 order by height limit $2`,
    [canonicalHeight, FINDINGS_MAX],
  );
  const walked = await source.query<Walked>(
    `with recursive walk as (
       select child.state_hash as child, b.height, b.state_hash, b.parent_hash, b.chain_status
       from blocks child join blocks b on b.state_hash = child.parent_hash
       where child.state_hash = any($1)
       union
       select walk.child, b.height, b.state_hash, b.parent_hash, b.chain_status
       from walk join blocks b on b.state_hash = walk.parent_hash and b.height < walk.height
       where ${statusOf("walk")} <> 'canonical'
     )
     select * from walk order by child, height desc`,
    [gaps.map(({ child }) => child)],
  );
  const walkedFrom = byChild(walked);
  const findings = gaps.flatMap((gap) =>
    findingsOfGap(gap, walkedFrom.get(gap.child) ?? [], network),
  );
  // A gap gives up to two findings; those of gaps beyond the first are counted as one each.
  const uncounted = Number(gaps[0]?.total ?? 0) - gaps.length;
  return (["missing-genesis", "missing-block", "chain-status", "height"] as const).map((kind) => {
    const ofKind = findings.filter((finding) => finding.kind === kind);
    return {
      kind,
      findings: ofKind,
      count: ofKind.length + (kind === "missing-block" ? uncounted : 0),
    };
  });
};

/** There may be as many gaps as every second block leaves: no search through all paths for each. */
function byChild(walked: readonly Walked[]): ReadonlyMap<string, readonly Walked[]> {
  const walks = new Map<string, Walked[]>();
  for (const block of walked) {
    const walk = walks.get(block.child);
    if (walk === undefined) walks.set(block.child, [block]);
    else walk.push(block);
  }
  return walks;
}

function findingsOfGap(gap: Gap, walked: readonly Walked[], network: string): Finding[] {
  const marked = walked.filter(({ chain_status }) => chain_status !== "canonical");
  const end = walked.at(-1);
  const findings: Finding[] = [];
  const [top] = marked;
  if (top !== undefined) {
    const more = marked.length > 1 ? `, and ${marked.length - 1} more below it` : "";
    findings.push({
      kind: "chain-status",
      height: BigInt(top.height),
      stateHash: top.state_hash,
      parentHash: top.parent_hash,
      fault:
        `block ${top.state_hash} at height ${top.height} ${statusInWords(top.chain_status)}, but it is an ` +
        `ancestor of the canonical block ${gap.child} at height ${gap.child_height}${more}`,
      mend: null,
      stopsMigration: true,
    });
  }
  if (end?.chain_status === "canonical") {
    // The ancestors lead to a canonical block; had each its height, all heights were among them.
    const above = marked.at(-1) ?? {
      state_hash: gap.child,
      height: gap.child_height,
      parent_hash: gap.wanted,
    };
    if (BigInt(above.height) - BigInt(end.height) === 1n) return findings;
    findings.push({
      kind: "height",
      height: BigInt(above.height),
      stateHash: above.state_hash,
      parentHash: above.parent_hash,
      fault:
        `block ${above.state_hash} has height ${above.height}, but its parent ${end.state_hash} ` +
        `has height ${end.height}`,
      // Whoever has hashed a parent knows where it stands; a row may say anything.
      mend: mendingFile("replace", network, {
        height: BigInt(end.height) + 1n,
        stateHash: above.state_hash,
      }),
      stopsMigration: true,
    });
    return findings;
  }
  // Below genesis nothing is missing: that it is not canonical is the whole fault.
  if (end !== undefined && BigInt(end.height) === GENESIS_HEIGHT) return findings;
  findings.push(missingBlock(gap, end, network));
  return findings;
}

/** The block that the lowest known ancestor names as parent. Its file alone names those below. */
function missingBlock(gap: Gap, lowest: Walked | undefined, network: string): Finding {
  const stateHash = lowest?.parent_hash ?? gap.wanted;
  const height = BigInt(lowest?.height ?? gap.child_height) - 1n;
  if (height === GENESIS_HEIGHT) return missingGenesis(stateHash, lowest?.state_hash ?? gap.child);
  const bottom = BigInt(gap.bottom) + 1n;
  const isAlone = height === bottom;
  const where = isAlone ? `at height ${height}` : `at heights ${bottom} to ${height}`;
  const length = isAlone ? "" : ` (${height - bottom + 1n} blocks)`;
  const child = lowest?.state_hash ?? gap.child;
  return {
    kind: "missing-block",
    height,
    stateHash,
    parentHash: isAlone ? gap.below : null,
    fault:
      `no canonical block ${where}${length}: ${child} at height ${height + 1n} has parent ` +
      `${stateHash}, which is missing`,
    mend: mendingFile("add", network, { height, stateHash }),
    stopsMigration: true,
  };
}

/** No file of it is published: it follows from the network's configuration. */
function missingGenesis(stateHash: string, child: string): Finding {
  return {
    kind: "missing-genesis",
    height: GENESIS_HEIGHT,
    stateHash,
    parentHash: null,
    fault: `the genesis block is missing: ${child} at height 2 has parent ${stateHash}, which the source lacks`,
    mend: null,
    stopsMigration: true,
  };
}

const auditTwins: Question = async (source, { canonicalHeight }) => {
  const rows = await source.query<{
    height: string;
    hashes: string[];
    parents: string[];
    childless: string[];
    total: string;
  }>(
    `select height, array_agg(state_hash order by state_hash) as hashes,
            array_agg(parent_hash order by state_hash) as parents,
            array_agg(state_hash order by state_hash) filter (where not has_child) as childless,
            count(*) over () as total
     from (select b.*, exists (select from blocks child where child.parent_hash = b.state_hash
                               and child.height = b.height + 1
                               and child.chain_status = 'canonical') as has_child
           from blocks b
           where b.chain_status = 'canonical' and b.height in (
             select height from blocks where chain_status = 'canonical' and height <= $1
             group by height having count(distinct state_hash) > 1)) twin
     group by height order by height limit $2`,
    [canonicalHeight, FINDINGS_MAX],
  );
  const found = foundIn("two-canonical", rows, ({ height, hashes, parents, childless }) => {
    // Without exactly one child above it cannot be decided which of them is the wrong one.
    const intruder = childless?.length === hashes.length - 1 ? childless[0]! : null;
    return {
      height: BigInt(height),
      stateHash: intruder ?? hashes[0]!,
      parentHash: parents[hashes.indexOf(intruder ?? hashes[0]!)]!,
      fault:
        `${hashes.length} canonical blocks at height ${height}: ${hashes.join(" and ")}` +
        (intruder === null ? "" : `; no canonical block above is a child of ${intruder}`),
      mend: null,
      stopsMigration: true,
    };
  });
  return [found];
};

const auditParents: Question = async (source, { canonicalHeight }, { network }) => {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    below: string;
    known_status: SourceStatus;
    known_height: string | null;
    total: string;
  }>(
    // A window, not a join: of a freshly restored source the server has no statistics, and joins the
    // chain with itself row by row.
    `select b.height, b.state_hash, b.parent_hash, b.below[1] as below,
            known.chain_status as known_status, known.height as known_height,
            count(*) over () as total
     from (select height, state_hash, parent_hash,
                  array_agg(state_hash) over (
                    order by height range between 1 preceding and 1 preceding) as below
           from blocks where chain_status = 'canonical' and height <= $1) b
     left join blocks known on known.state_hash = b.parent_hash
     where b.parent_hash <> all(b.below)
     order by b.height limit $2`,
    [canonicalHeight, FINDINGS_MAX],
  );
  const found = foundIn("parent-link", rows, (row) => {
    const { height, state_hash, parent_hash, below, known_status, known_height } = row;
    const isKnown = known_height !== null;
    const place = { height: BigInt(height), stateHash: state_hash };
    return {
      ...place,
      parentHash: parent_hash,
      fault:
        `canonical block ${state_hash} at height ${height} has parent ${parent_hash}, ` +
        (isKnown
          ? `which ${statusInWords(known_status)} at height ${known_height}`
          : "which is missing") +
        `, but the canonical block below it is ${below}`,
      mend: isKnown
        ? mendingFile("replace", network, place)
        : mendingFile("add", network, { height: place.height - 1n, stateHash: parent_hash }),
      stopsMigration: true,
    };
  });
  return [found];
};

/** We walk by hash; other programs walk by id, the next archive node among them. */
const auditParentIds: Question = async (source, { canonicalHeight }) => {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    pointed: string | null;
    total: string;
  }>(
    `select b.height, b.state_hash, b.parent_hash, pointed.state_hash as pointed,
            count(*) over () as total
     from blocks b left join blocks pointed on pointed.id = b.parent_id
     where b.chain_status = 'canonical' and b.height between 2 and $1
       and pointed.state_hash is distinct from b.parent_hash
       and exists (select from blocks parent where parent.state_hash = b.parent_hash)
     order by b.height limit $2`,
    [canonicalHeight, FINDINGS_MAX],
  );
  const kind: FindingKind = "parent-id";
  const found = foundIn(kind, rows, ({ height, state_hash, parent_hash, pointed }) => ({
    height: BigInt(height),
    stateHash: state_hash,
    parentHash: parent_hash,
    fault:
      `parent_id of block ${state_hash} at height ${height} points to ${pointed ?? "no block"}, ` +
      `its parent hash is ${parent_hash}`,
    mend: null,
    stopsMigration: false,
  }));
  return [found];
};
