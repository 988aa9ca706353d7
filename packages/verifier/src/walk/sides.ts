// Which blocks of a target are of its chain, and which beside it. By their statuses, except in an archive that goes on:
// there the last blocks of the chain may be pending for ever, and blocks of later eras are on neither side.

import type { Session } from "@forklift/postgres";

/** By the labels, for which there is an index, and not by what they are not. */
const IS_BESIDE = "chain_status in ('orphaned', 'pending')";

export interface Sides {
  /** Blocks above this height are on neither side. */
  readonly upTo: bigint;
  /** Ids of blocks of the chain that are called orphaned or pending. */
  readonly chainBeside: readonly number[];
}

/** Of `bigint`, which heights are. */
const HEIGHT_MAX = 2n ** 63n - 1n;

export const BY_STATUS: Sides = { upTo: HEIGHT_MAX, chainBeside: [] };

/** `$1` and `$2` of the conditions below. */
export function sideParams({ upTo, chainBeside }: Sides): readonly unknown[] {
  return [upTo, chainBeside];
}

/** In SQL, for an alias of `blocks` in the query around it. */
export function isBeside(alias: string): string {
  return `(${alias}.${IS_BESIDE} and ${alias}.height <= $1::bigint and ${alias}.id <> all($2::int[]))`;
}

/** The same of the chain. */
export function isOfChain(alias: string): string {
  return `((${alias}.chain_status = 'canonical' or ${alias}.id = any($2::int[])) and ${alias}.height <= $1::bigint)`;
}

/** What stands beside a chain. */
export interface Beside {
  readonly orphaned: boolean;
  readonly pending: boolean;
}

/** As texts: in a changed target the type of the status may lack a label, which is for a check to find. */
export async function besideByStatus(target: Session, sides: Sides): Promise<Beside> {
  const [row] = await target.query<Beside>(
    `select coalesce(bool_or(chain_status::text = 'orphaned'), false) as orphaned,
            coalesce(bool_or(chain_status::text = 'pending'), false) as pending
     from blocks where height <= $1::bigint and id <> all($2::int[])`,
    sideParams(sides),
  );
  return row!;
}

/** @param ids of the chain by height, from 1 up to the last height of the part. */
export async function besideChain(
  target: Session,
  ids: Int32Array,
): Promise<{ readonly beside: Beside; readonly sides: Sides }> {
  const upTo = BigInt(ids.length);
  const chainBeside: number[] = [];
  const beside = { orphaned: false, pending: false };
  const rows = target.rows<{ id: number; height: string; status: keyof Beside }>(
    `select id, height, chain_status::text as status from blocks
     where chain_status::text in ('orphaned', 'pending') and height <= $1`,
    [upTo],
  );
  for await (const { id, height, status } of rows) {
    if (ids[Number(height) - 1] === id) chainBeside.push(id);
    else beside[status] = true;
  }
  return { beside, sides: { upTo, chainBeside } };
}
