import type { Session } from "../session/session.ts";

/** @param name with its schema, as SQL writes it: `forklift.progress_mark`. */
export async function relationExists(session: Session, name: string): Promise<boolean> {
  const [row] = await session.query<{ present: boolean }>(
    "select to_regclass($1) is not null as present",
    [name],
  );
  return row?.present === true;
}
