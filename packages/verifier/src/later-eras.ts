// What a verification says of an archive that lives or that others have made: which blocks go on above the part
// that was verified, how many rows were left alone, and what was accepted.

import type { Session } from "@forklift/postgres";
import type { Accepted, Tip, VerifierContext } from "./context.ts";
import type { Part } from "./part.ts";
import { countTable, EMPTY_TABLES, FILLED_TABLES } from "./tables.ts";
import type { Scope } from "./walk/scope.ts";

export interface ArchiveFindings {
  /** The form of the schema, and what it has besides. */
  readonly form: string;
  readonly additions: readonly string[];
  readonly accepted: readonly Pick<Accepted, "id" | "what" | "repair">[];
  /** Null for an archive that ends with the verified history. */
  readonly goesOn: GoingOn | null;
}

export interface GoingOn {
  /** Above the verified part, of whatever status; by protocol version, in the order of their heights. */
  readonly versions: readonly BlocksOfVersion[];
  /** Rows by table that no block of the part refers to; tables without any are left out. */
  readonly leftAlone: Readonly<Record<string, string>>;
}

export interface BlocksOfVersion {
  readonly version: string;
  readonly blocks: string;
  readonly fromHeight: bigint;
  readonly toHeight: bigint;
}

/** Named in a report; a network has had a few. */
const VERSIONS_MAX = 50;

/** @param rowCounts of the part, by filled table. */
export async function findingsOf(
  scope: Scope,
  {
    rowCounts,
    accountCount,
  }: {
    readonly rowCounts: Readonly<Record<string, string>>;
    readonly accountCount: bigint;
  },
): Promise<ArchiveFindings | null> {
  const { archive, part } = scope;
  if (archive == null) return null;
  const { form, additions } = archive;
  const accepted = [
    ...archive.accepted,
    ...acceptedStatuses(scope),
    ...(part === null ? [] : await lackingGenesisAccounts(scope, accountCount)),
  ].map(({ id, what, repair }) => ({ id, what, repair }));
  const goesOn = part === null ? null : await goingOn(scope.target, { part, rowCounts });
  return { form, additions, accepted, goesOn };
}

function acceptedStatuses({ tail, tip }: Scope): Omit<Accepted, "unproven">[] {
  if (tail === null) return [];
  const { fromHeight: from } = tail;
  const heights = from === tip.height ? `height ${tip.height}` : `heights ${from} to ${tip.height}`;
  return [
    {
      id: "pending-before-fork",
      what: `the blocks at ${heights} are pending, since no block of their protocol stands on them`,
      repair: "convert-chain-to-canonical",
    },
  ];
}

export interface ForkGenesis {
  readonly id: number;
  readonly height: bigint;
}

/** The first block of the next era that builds on the last one of the part; null when there is none. */
export async function findForkGenesis(target: Session, tip: Tip): Promise<ForkGenesis | null> {
  const [row] = await target.query<{ id: number; height: string }>(
    `select b.id, b.height from blocks b join protocol_versions v on v.id = b.protocol_version_id
     where b.parent_hash = $1 and b.height = $2::bigint + 1 and v.transaction > 2
     order by b.chain_status, b.id limit 1`,
    [tip.stateHash, tip.height],
  );
  return row === undefined ? null : { id: row.id, height: BigInt(row.height) };
}

async function lackingGenesisAccounts(
  { target, tip }: Scope,
  accountCount: bigint,
): Promise<Omit<Accepted, "unproven">[]> {
  const fork = await findForkGenesis(target, tip);
  if (fork === null) return [];
  const [row] = await target.query<{ count: string }>(
    "select count(*) from accounts_accessed where block_id = $1",
    [fork.id],
  );
  const count = BigInt(row!.count);
  if (count >= accountCount) return [];
  return [
    {
      id: "fork-genesis-accounts-missing",
      what:
        `the fork genesis block at height ${fork.height} has ${count} of ${accountCount} accounts in ` +
        "accounts_accessed, so that Rosetta reports a balance of zero for those that nobody touched since",
      repair: "populate-genesis-accounts",
    },
  ];
}

async function goingOn(
  target: Session,
  {
    part,
    rowCounts,
  }: { readonly part: Part; readonly rowCounts: Readonly<Record<string, string>> },
): Promise<GoingOn> {
  const versions = await target.query<Record<"version" | "blocks" | "from" | "to", string>>(
    `select concat_ws('.', v.transaction, v.network, v.patch) as version, count(*) as blocks,
            min(b.height) as from, max(b.height) as to
     from blocks b left join protocol_versions v on v.id = b.protocol_version_id
     where b.height > $1 group by 1 order by min(b.height), 1 limit $2`,
    [part.height, VERSIONS_MAX],
  );
  const leftAlone: Record<string, string> = {};
  for (const table of [...FILLED_TABLES, ...EMPTY_TABLES]) {
    const all = BigInt(await countTable(target, table));
    const count = all - BigInt(rowCounts[table] ?? 0);
    if (count > 0n) leftAlone[table] = String(count);
  }
  return {
    versions: versions.map(({ version, blocks, from, to }) => ({
      version: version === "" ? "none" : version,
      blocks,
      fromHeight: BigInt(from),
      toHeight: BigInt(to),
    })),
    leftAlone,
  };
}

/** What was accepted and cannot be recomputed by anybody. */
export function unprovenOf({ archive }: Pick<VerifierContext, "archive">): readonly string[] {
  return (archive?.accepted ?? []).flatMap(({ unproven }) => (unproven === null ? [] : [unproven]));
}
