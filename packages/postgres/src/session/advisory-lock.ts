// The lock that a run holds on its target database: one writer at a time.

import { TryAgainError } from "@forklift/pipeline";
import type { Session } from "./session.ts";

/** "forklift" in ASCII, as the 64-bit key that PostgreSQL's advisory locks take. */
const RUN_LOCK_KEY = 0x666f726b6c696674n;

interface Holder {
  readonly pid: number;
  readonly application_name: string;
  readonly since: string;
}

/**
 * Takes the lock of a run on the session's database. It is held until the session closes, however
 * the process ends.
 * @throws TryAgainError naming the holder.
 */
export async function lockDatabase(session: Session): Promise<void> {
  const [answer] = await session.query<{ taken: boolean }>(
    "select pg_try_advisory_lock($1) as taken",
    [RUN_LOCK_KEY.toString()],
  );
  if (answer?.taken === true) return;
  const [holder] = await session.query<Holder>(
    `select a.pid, a.application_name,
            to_char(a.backend_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
     from pg_locks l join pg_stat_activity a using (pid)
     where l.locktype = 'advisory' and l.granted and l.objsubid = 1
       and l.database = (select oid from pg_database where datname = current_database())
       and (l.classid::bigint << 32) | l.objid::bigint = $1`,
    [RUN_LOCK_KEY.toString()],
  );
  const who = holder
    ? `"${holder.application_name}" (server process ${holder.pid}, connected since ${holder.since})`
    : "a run that has just ended";
  throw new TryAgainError(`${session.maskedUrl} is locked by ${who}`, {
    hint: "wait for that run to end; if it hangs, end its process and run the same command again",
  });
}
