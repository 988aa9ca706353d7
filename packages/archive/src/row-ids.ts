// Serial ids of the target, given out by us. A sequence would leave a gap after every rolled back
// batch; counting on from the greatest id gives the same ids however often a run was killed.

import type { Session } from "@forklift/postgres";

/** Valid for one run: it alone writes the target, and it ends at the first failed batch. */
export class RowIds {
  readonly #next = new Map<string, number>();

  /** The first of `count` consecutive ids that no row of the table has. */
  async take(target: Session, table: string, count: number): Promise<number> {
    const first = this.#next.get(table) ?? (await greatestId(target, table)) + 1;
    this.#next.set(table, first + count);
    return first;
  }

  /** Moves the sequences past the ids given out, for whoever writes the database after us. */
  async syncSequences(target: Session): Promise<void> {
    for (const [table, next] of this.#next) {
      if (next === 1) continue;
      await target.query("select setval(pg_get_serial_sequence($1, 'id'), $2)", [table, next - 1]);
    }
  }
}

async function greatestId(target: Session, table: string): Promise<number> {
  const [row] = await target.query<{ id: number }>(
    `select coalesce(max(id), 0)::int as id from ${table}`,
  );
  return row!.id;
}
