// Reads the height to which a target is replayed: by its rows, and by the mark of the stage.

import type { Session } from "@forklift/postgres";

export async function standingOf(session: Session): Promise<Record<string, unknown>> {
  const [row] = await session.query(
    `select max(b.height) as recorded,
       (select cursor ->> 'height' from forklift.progress_mark
        where stage = 'replay-commands') as marked
     from accounts_accessed a join blocks b on b.id = a.block_id`,
  );
  return row!;
}
