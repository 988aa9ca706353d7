// Progress marks, in a schema of their own beside the rows that they stand for.

import type { ProgressMarks } from "@forklift/pipeline";
import { relationExists, type Session } from "@forklift/postgres";

/** Working state never stands in `public`, which a dump publishes. */
export async function createWorkingSchema(target: Session): Promise<void> {
  await target.query(
    `create schema if not exists forklift;
     create table if not exists forklift.progress_mark (
       stage text primary key,
       cursor jsonb not null,
       saved_at timestamptz not null default now()
     );
     comment on schema forklift is 'working state of forklift; safe to drop once a run is over'`,
  );
}

/** Whether the target has the table of progress marks. */
export async function hasWorkingSchema(target: Session): Promise<boolean> {
  return await relationExists(target, "forklift.progress_mark");
}

export function progressMarks(target: Session): ProgressMarks<Session> {
  return {
    async load(stage) {
      if (!(await hasWorkingSchema(target))) return null;
      const [row] = await target.query<{ cursor: unknown }>(
        "select cursor from forklift.progress_mark where stage = $1",
        [stage],
      );
      return row?.cursor ?? null;
    },
    save: saveProgressMark,
  };
}

export async function saveProgressMark(tx: Session, stage: string, cursor: unknown): Promise<void> {
  await tx.query(
    `insert into forklift.progress_mark (stage, cursor) values ($1, $2)
     on conflict (stage) do update set cursor = excluded.cursor, saved_at = now()`,
    [stage, JSON.stringify(cursor)],
  );
}

/**
 * In a transaction of its own that has survived whatever comes, with all that was committed before it: for what a
 * file outside of the database goes by.
 */
export async function saveDurableMark(
  target: Session,
  stage: string,
  cursor: unknown,
): Promise<void> {
  await target.transaction(async () => {
    await target.query("set local synchronous_commit to on");
    await saveProgressMark(target, stage, cursor);
  });
}

/** The stage then finds out from the rows where it stands. */
export async function removeProgressMark(tx: Session, stage: string): Promise<void> {
  await tx.query("delete from forklift.progress_mark where stage = $1", [stage]);
}

/** A stage and the mark that it saved. */
export interface SavedMark {
  readonly stage: string;
  readonly cursor: object;
}

/** The marks of stages that have come to a height, or further. */
export async function progressMarksFrom(target: Session, height: bigint): Promise<SavedMark[]> {
  return await target.query<SavedMark>(
    "select stage, cursor from forklift.progress_mark where (cursor ->> 'height')::bigint >= $1",
    [height],
  );
}
