// Refuses a database in which a policy hides rows from the session's role, before anything is read.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "../session/session.ts";
import { HIDDEN_ROWS_HINT } from "../session/sqlstate.ts";

/**
 * Sessions never take fewer rows for all rows: the server refuses each query of such a table. This names
 * every table at once.
 * @param role source or target, for the message.
 * @throws ConfigError naming the tables of schema public that have policies for the session's role.
 */
export async function requireAllRows(session: Session, role: string): Promise<void> {
  const found = await session.query<{ name: string; role: string }>(
    `select c.relname as name, current_user as role from pg_class c
     where c.relnamespace = to_regnamespace('public') and c.relkind in ('r', 'p')
       and c.relrowsecurity and row_security_active(c.oid)
     order by 1`,
  );
  const [first] = found;
  if (first === undefined) return;
  const names = found.map(({ name }) => name).join(", ");
  throw new ConfigError(
    `row level security of the ${role} ${session.maskedUrl} hides rows of ${names} from role ` +
      `${first.role}, expected all rows`,
    { hint: HIDDEN_ROWS_HINT },
  );
}
