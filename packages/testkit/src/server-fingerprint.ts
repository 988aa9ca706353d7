// All that a hostile dump could leave on a server outside of the database that it is restored into:
// compared before and after, it says whether something did.

import { connect, type Session, urlWithDatabase } from "@forklift/postgres";

/** Cluster-wide catalogs, and the settings that the server would start with. */
const SHARED = [
  "select datname, datdba, datacl, datallowconn, datconnlimit from pg_database where datname <> all ($1::text[])",
  "select * from pg_authid where rolname !~ '^forklift_restorer_'",
  "select * from pg_auth_members",
  "select setrole, setconfig, datname from pg_db_role_setting left join pg_database d on d.oid = setdatabase where datname is null or datname <> all ($1::text[])",
  "select * from pg_tablespace",
  "select subname from pg_subscription",
  "select slot_name from pg_replication_slots",
  "select gid from pg_prepared_xacts",
  "select name, setting from pg_file_settings",
  "select name, reset_val from pg_settings",
] as const;

/** Of the second database: its own objects, and the rows of its tables. */
const BESIDE = [
  "select nspname, nspowner, nspacl from pg_namespace where nspname !~ '^pg_(toast_)?temp'",
  "select relname, relkind, relowner, relacl, relrowsecurity from pg_class where relnamespace = 'public'::regnamespace",
  "select proname, prosrc from pg_proc where oid >= 16384",
  "select extname from pg_extension",
  "select evtname from pg_event_trigger",
  "select pubname from pg_publication",
  "select lomowner from pg_largeobject_metadata",
  "select t::text from public.canary t",
] as const;

/** In the database itself, what a restore must never make. */
const INSIDE = [
  "select nspname from pg_namespace where nspname !~ '^(pg_.*|information_schema|public|forklift)$'",
  "select proname from pg_proc where oid >= 16384",
  "select extname from pg_extension where extname <> 'plpgsql'",
  "select evtname from pg_event_trigger",
  "select tgname from pg_trigger where not tgisinternal",
  "select rulename from pg_rewrite where ev_class >= 16384",
  "select polname from pg_policy",
  "select pubname from pg_publication",
  "select oid from pg_largeobject_metadata",
  "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f')",
  "select relname from pg_class where relrowsecurity",
] as const;

/**
 * @param beside a database with a table `canary`.
 * @param except databases that come and go meanwhile.
 */
export async function serverFingerprint(
  beside: Session,
  except: readonly string[] = [],
): Promise<string> {
  const shared = await answersTo(beside, SHARED, [except]);
  return JSON.stringify([shared, await answersTo(beside, BESIDE)]);
}

/** Empty where a database holds nothing but types, tables, sequences, indexes and constraints. */
export async function foreignObjects(database: Session): Promise<unknown[]> {
  return (await answersTo(database, INSIDE)).flat();
}

/** A database beside the one of a test, with a table of its own. */
export async function makeCanary(url: string, name: string): Promise<Session> {
  const session = await connect(urlWithDatabase(url, name), { applicationName: "forklift test" });
  await session.query("create table canary (a int); insert into canary values (1), (2)");
  return session;
}

async function answersTo(
  session: Session,
  questions: readonly string[],
  params?: readonly unknown[],
): Promise<string[][]> {
  const answers: string[][] = [];
  for (const question of questions) {
    const rows = await session.query(question, question.includes("$1") ? params : []);
    answers.push(rows.map((row) => JSON.stringify(row)).toSorted());
  }
  return answers;
}
