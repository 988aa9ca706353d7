import type { Session } from "@forklift/postgres";

/** Whether an archive of either era holds any block; in a session with any search path. */
export async function holdsBlocks(archive: Session): Promise<boolean> {
  const [row] = await archive.query<{ some: boolean }>(
    "select exists (select from public.blocks) as some",
  );
  return row?.some === true;
}
