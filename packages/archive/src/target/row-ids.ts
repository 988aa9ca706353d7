// Assigns the serial ids of the target's rows. A sequence would leave a gap after every rolled back
// batch; counting on from the greatest id gives the same ids however often a run was killed.

import type { Session } from "@forklift/postgres";
import { type AccountIds, IdMap } from "./account-ids.ts";

/**
 * Characters of the keys of one table whose ids are remembered: some 25 MB with their ids. Public
 * keys have 55, so that 180,000 of them fit; beyond that a table's memory starts anew, and its rows
 * are looked up.
 */
const REMEMBERED_CHARACTERS_MAX = 10_000_000;

interface Memory {
  readonly ids: Map<string, number>;
  characters: number;
}

/** Valid for one run: it alone writes the target, and it ends at the first failed batch. */
export class RowIds {
  readonly #next = new Map<string, number>();
  readonly #remembered = new Map<string, Memory>();
  /** Of the accounts that were written. */
  readonly accounts: AccountIds = { identifiers: new IdMap(), untimed: new IdMap() };

  /** The first of `count` consecutive ids that no row of the table has. */
  async take(target: Session, table: string, count: number): Promise<number> {
    const first = this.#next.get(table) ?? (await greatestId(target, table)) + 1;
    this.#next.set(table, first + count);
    return first;
  }

  /** Ids of rows that have been written or looked up, by the text of the row's key. */
  remembered(table: string): ReadonlyMap<string, number> {
    return this.#memoryOf(table).ids;
  }

  remember(table: string, ids: Iterable<readonly [key: string, id: number]>): void {
    const memory = this.#memoryOf(table);
    for (const [key, id] of ids) {
      if (memory.characters > REMEMBERED_CHARACTERS_MAX) {
        memory.ids.clear();
        memory.characters = 0;
      }
      memory.ids.set(key, id);
      memory.characters += key.length;
    }
  }

  /** Moves the sequences past the ids given out, for whoever writes the database after us. */
  async syncSequences(target: Session): Promise<void> {
    for (const [table, next] of this.#next) {
      if (next === 1) continue;
      await target.query("select setval(pg_get_serial_sequence($1, 'id'), $2)", [table, next - 1]);
    }
  }

  #memoryOf(table: string): Memory {
    let memory = this.#remembered.get(table);
    if (memory === undefined) {
      memory = { ids: new Map(), characters: 0 };
      this.#remembered.set(table, memory);
    }
    return memory;
  }
}

async function greatestId(target: Session, table: string): Promise<number> {
  const [row] = await target.query<{ id: number }>(
    `select coalesce(max(id), 0)::int as id from ${table}`,
  );
  return row!.id;
}
