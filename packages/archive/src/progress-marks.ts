// Progress marks, in a schema of their own beside the rows that they stand for.

import type { ProgressMarks } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

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

export function progressMarks(target: Session): ProgressMarks<Session> {
  return {
    async load(stage) {
      const [exists] = await target.query<{ present: boolean }>(
        "select to_regclass('forklift.progress_mark') is not null as present",
      );
      if (exists?.present !== true) return null;
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

/** The stage then finds out from the rows where it stands. */
export async function removeProgressMark(tx: Session, stage: string): Promise<void> {
  await tx.query("delete from forklift.progress_mark where stage = $1", [stage]);
}
