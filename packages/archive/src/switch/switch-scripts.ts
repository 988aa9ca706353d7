// `switch.sql` and `switch-back.sql`: what exchanges the names of the old archive and of the migrated one, and
// what takes it back. forklift writes them and never runs them; psql does, for an operator, on any database of the
// server that is neither of the two:
//
//   psql -v ON_ERROR_STOP=1 -f switch.sql postgres://…/postgres
//
// Both know the databases by number, look at what they are called, and do what is left to do: so that either
// can be run again after it was broken off anywhere. Both names change in one transaction.

import { quoteIdentifier, quoteLiteral, type Session } from "@forklift/postgres";
import { carryOver } from "./carry-over.ts";
import {
  type DatabaseState,
  FINGERPRINT_SQL,
  readDatabaseNames,
  readDatabaseState,
} from "./database-state.ts";
import {
  type ObjectRights,
  readObjectRights,
  rightsLike,
  rightsStatements,
} from "./object-rights.ts";
import { oldNameOf } from "./old-name.ts";
import { settingStatements } from "./settings.ts";

export interface SwitchPlan {
  /** The old archive, under the name that its users know. */
  readonly source: DatabaseState;
  readonly target: DatabaseState;
  /** What the old archive is called afterwards. */
  readonly oldName: string;
  /** What the tables of the target are to have while it has the old archive's name. */
  readonly rights: ObjectRights;
  /** What they have now, for the way back. */
  readonly ownRights: ObjectRights;
}

export interface SwitchOptions {
  /** The block that the target ends in, for those who read the script. */
  readonly tip: string;
  /**
   * A query of one row with the column `written`: the tables of the target that were written to since they were
   * proven, in words; empty when none was. Without a semicolon.
   */
  readonly writtenSql: string;
}

/** Of two databases of one server. Reads only. */
export async function planSwitch(source: Session, target: Session, day: Date): Promise<SwitchPlan> {
  const state = await readDatabaseState(source);
  const ownRights = await readObjectRights(target);
  return {
    source: state,
    target: await readDatabaseState(target),
    oldName: oldNameOf(state.name, day, await readDatabaseNames(source)),
    rights: rightsLike(await readObjectRights(source), ownRights),
    ownRights,
  };
}

export function switchScript(plan: SwitchPlan, { tip, writtenSql }: SwitchOptions): string {
  const { source, target, oldName } = plan;
  const renamed = { oid: target.oid, name: source.name };
  return script([
    comment(
      "switch.sql: gives the migrated archive the name of the old one.",
      `the old archive      ${source.name}, from then on ${oldName}`,
      `the migrated archive ${target.name}, from then on ${source.name}`,
      `which ends in        ${tip}`,
      "switch-back.sql takes it back. Nothing is dropped. Run it again if it is broken off.",
    ),
    ...beginning(plan),
    "\\if :is_switched",
    "\\echo 'the names are exchanged already'",
    "\\else",
    step("1", "is everything as it was when this script was written?"),
    // One that was broken off may have closed both, and what is refused below is to leave them open.
    ...allowing(true, [source.name, target.name]),
    unchangedSince(plan),
    ...sessionsEnded([target], []),
    connectTo(target.oid),
    step("2", "the rights on the old tables, for the new ones, unless they were written to"),
    ...inTransaction([
      TABLES_LOCKED,
      ...writtenCheck(writtenSql, "run forklift cutover again, which says what it finds"),
      ...rightsStatements(plan.rights),
    ]),
    CONNECT_HOME,
    step("3", "both databases let nobody in, and whoever is in is sent away"),
    ...allowing(false, [source.name, target.name]),
    ...sessionsEnded([source, target], allowing(true, [source.name, target.name])),
    step("4", "both names, and what the old archive is besides its rows"),
    ...inTransaction([
      rename(source.name, oldName),
      rename(target.name, source.name),
      ...carryOver(renamed, source),
    ]),
    "\\endif",
    step("5", "both let their users in"),
    ...allowing(true, [source.name, oldName]),
    "\\echo 'done'",
  ]);
}

export function switchBackScript(plan: SwitchPlan, { tip, writtenSql }: SwitchOptions): string {
  const { source, target, oldName } = plan;
  const name = quoteIdentifier(source.name);
  return script([
    comment(
      "switch-back.sql: takes switch.sql back, as long as nobody has written to the migrated archive.",
      `the old archive      ${oldName}, from then on ${source.name} again`,
      `the migrated archive ${source.name}, from then on ${target.name} again`,
      `which ends in        ${tip}`,
      "Nothing is dropped. Run it again if it is broken off; it also ends a switch.sql that was broken off.",
    ),
    ...beginning(plan),
    "\\if :is_switched",
    step("1", "nobody writes to the migrated archive from now on"),
    `alter database ${name} with allow_connections true;`,
    `alter database ${name} set ${READ_ONLY} to on;`,
    ...sessionsEnded([target], writable(source)),
    step("2", "was it written to since it was proven?"),
    connectTo(target.oid),
    writtenInto(writtenSql),
    CONNECT_HOME,
    "\\if :is_written",
    ...writable(source),
    // Sessions that have come meanwhile were told that they may only read.
    ...sessionsEnded([target], []),
    written("keep it, and what the new chain has written there"),
    "\\endif",
    step("3", "both databases let nobody in, and whoever is in is sent away"),
    ...allowing(false, [source.name, oldName]),
    ...sessionsEnded(
      [source, target],
      [...writable(source), ...allowing(true, [source.name, oldName])],
    ),
    step("4", "both names, and what the migrated archive was besides its rows"),
    ...inTransaction([
      rename(source.name, target.name),
      rename(oldName, source.name),
      ...carryOver(target, target),
    ]),
    "\\endif",
    step("5", "both let their users in"),
    ...allowing(true, [source.name, target.name]),
    step("6", "the rights on the tables of the migrated archive, as they were"),
    connectTo(target.oid),
    ...inTransaction(rightsStatements(plan.ownRights)),
    CONNECT_HOME,
    "\\echo 'done'",
  ]);
}

function script(parts: readonly string[]): string {
  return `${parts.join("\n")}\n`;
}

/** A name may have line breaks, and what follows one is no comment any more. */
function comment(...lines: readonly string[]): string {
  return lines.map((line) => `-- ${line.replaceAll(/\s/g, " ")}`).join("\n");
}

/** Steps are told on the terminal by their numbers: psql would read a name in such a line. */
function step(number: string, what: string): string {
  return `\n-- ${number}. ${what}\n\\echo 'step ${number}: ${what.replaceAll("'", "")}'`;
}

/** Neither what the caller's psql is set to, nor what a database sets for its sessions, is to change anything. */
const SESSION = [
  "reset role;",
  "set client_encoding to 'UTF8';",
  "set standard_conforming_strings to on;",
  "set search_path to pg_catalog;",
  "set default_transaction_read_only to off;",
  "set statement_timeout to 0;",
  "set lock_timeout to '60s';",
].join("\n");

const PSQL = [
  "\\set ON_ERROR_STOP on",
  "\\set ON_ERROR_ROLLBACK off",
  "\\set AUTOCOMMIT on",
  "\\set QUIET on",
  "\\unset SINGLELINE",
  "\\unset SINGLESTEP",
].join("\n");

/**
 * As a connection string, which a name of any characters can stand in; psql keeps server and user. It takes double
 * quotes away from what it connects to, so that the variable is quoted where it is used.
 */
const CONNECTION = `'dbname=''' || replace(replace(datname::text, '\\', '\\\\'), '''', '\\''') || ''''`;

function connectTo(oid: string): string {
  return [
    `select ${CONNECTION} as there from pg_database where oid = ${oid} \\gset`,
    `\\connect -reuse-previous=on :"there"`,
    SESSION,
  ].join("\n");
}

const READ_ONLY = "default_transaction_read_only";

const CONNECT_HOME = `\\connect -reuse-previous=on :"home"\n${SESSION}`;

/** Settles the session, and looks at what the databases are called: before, after, or neither. */
function beginning({ source, target, oldName }: SwitchPlan): string[] {
  const called = (old: string, migrated: string) =>
    `coalesce(bool_and(datname::text = case oid::bigint when ${source.oid} then ${quoteLiteral(old)} ` +
    `else ${quoteLiteral(migrated)} end) and count(*) = 2, false)`;
  const names = `from pg_database where oid in (${source.oid}, ${target.oid})`;
  return [
    PSQL,
    SESSION,
    `select ${CONNECTION} as home from pg_database where datname = current_database() \\gset`,
    refuseUnless(
      `not exists (select from pg_database
             where datname = current_database() and oid in (${source.oid}, ${target.oid}))`,
      "this script is not for a session on the archives themselves: give psql the URL of database postgres",
    ),
    refuseUnless(
      maySwitch(source, target),
      "run this script as a superuser, or as a role with CREATEDB, pg_signal_backend, pg_read_all_stats and the " +
        "rights of both owners, while no superuser is connected to either database",
    ),
    `select ${called(source.name, target.name)} as is_before, ${called(oldName, source.name)} as is_switched`,
    `${names} \\gset`,
    "select :'is_before' = 't' or :'is_switched' = 't' as is_known \\gset",
    "\\if :is_known",
    "\\else",
    refusal(
      "the databases are not called what they were when this script was written, or are on another server",
    ),
    "\\endif",
  ];
}

/**
 * Otherwise than a superuser needs much: to own both, to rename, and to see since when the sessions of others are
 * there, and to end them.
 */
function maySwitch(source: DatabaseState, target: DatabaseState): string {
  const both = `oid in (${source.oid}, ${target.oid})`;
  return `(select rolsuper or rolcreatedb and pg_has_role(current_user, 'pg_signal_backend', 'usage')
             and pg_has_role(current_user, 'pg_read_all_stats', 'usage')
             and (select bool_and(pg_has_role(current_user, datdba, 'usage')) from pg_database where ${both})
             and not exists (select from pg_stat_activity a join pg_roles s on s.oid = a.usesysid
                             where s.rolsuper and a.datid in (${source.oid}, ${target.oid}))
           from pg_roles where rolname = current_user)`;
}

function unchangedSince({ source, target }: SwitchPlan): string {
  const now = (state: DatabaseState) =>
    `exists (select from pg_database d where d.oid = ${state.oid}
             and ${FINGERPRINT_SQL} = ${quoteLiteral(state.fingerprint)})`;
  return refuseUnless(
    `${now(source)} and ${now(target)}`,
    "owner, grants, limit or settings of a database were changed: run forklift cutover again, which reads them anew",
  );
}

/** @param condition of numbers and PostgreSQL's own names alone: it stands between dollar signs. */
function refuseUnless(condition: string, message: string): string {
  return `do $do$
begin
  if not coalesce(${condition}, false) then
    raise exception ${quoteLiteral(message)};
  end if;
end
$do$;`;
}

function refusal(message: string): string {
  return `do $do$ begin raise exception ${quoteLiteral(message)}; end $do$;`;
}

function writtenInto(writtenSql: string): string {
  return `${writtenSql} \\gset\nselect :'written' <> '' as is_written \\gset`;
}

function writtenCheck(writtenSql: string, then: string): string[] {
  return [writtenInto(writtenSql), "\\if :is_written", written(then), "\\endif"];
}

function written(then: string): string {
  return [
    "\\echo 'written to since it was proven:' :written",
    refusal(`the migrated archive was written to since it was proven: ${then}`),
  ].join("\n");
}

/** As the old archive's name says: read only when that was. */
function writable({ name, settings }: DatabaseState): string[] {
  const database = quoteIdentifier(name);
  const own = settings.filter((it) => it.role === null && it.name === READ_ONLY);
  return [`alter database ${database} reset ${READ_ONLY};`, ...settingStatements(database, own)];
}

function allowing(isAllowed: boolean, names: readonly string[]): string[] {
  return names.map(
    (name) => `alter database ${quoteIdentifier(name)} with allow_connections ${isAllowed};`,
  );
}

/**
 * Those that were there before; whoever comes later comes by what the databases are set to now. What has no user, as
 * a worker of the autovacuum, ends by itself when a name changes.
 * @param undone what lets the users in again as before, where a session stays: the script ends there.
 */
function sessionsEnded(of: readonly DatabaseState[], undone: readonly string[]): string[] {
  const sessions = `from pg_stat_activity
    where datid in (${of.map(({ oid }) => oid).join(", ")}) and pid <> pg_backend_pid()
      and usesysid is not null and backend_start < now()`;
  return [
    `do $do$
declare
  session int;
begin
  -- Of a session that has ended by itself meanwhile the server would warn.
  perform set_config('client_min_messages', 'error', true);
  for attempt in 1..${ATTEMPTS_TO_END} loop
    for session in select pid ${sessions} loop
      begin
        perform pg_terminate_backend(session);
      exception when insufficient_privilege then
        -- A superuser who has come since step 1.
        null;
      end;
    end loop;
    perform pg_sleep(0.1), pg_stat_clear_snapshot();
    perform set_config('forklift.remaining', count(*)::text, false) ${sessions};
    exit when current_setting('forklift.remaining') = '0';
  end loop;
end
$do$;`,
    "select current_setting('forklift.remaining') <> '0' as is_remaining \\gset",
    "\\if :is_remaining",
    ...undone,
    refusal(
      "a session on the databases does not end: end it as a superuser (pg_stat_activity has it), then run this script again",
    ),
    "\\endif",
  ];
}

/** Of a tenth of a second each. */
const ATTEMPTS_TO_END = 600;

function rename(from: string, to: string): string {
  return `alter database ${quoteIdentifier(from)} rename to ${quoteIdentifier(to)};`;
}

/** Until the transaction ends nobody writes; whoever does now is waited for. */
const TABLES_LOCKED = `do $do$
declare
  one record;
begin
  for one in select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') loop
    execute format('lock table public.%I in share mode', one.relname);
  end loop;
end
$do$;`;

function inTransaction(statements: readonly string[]): string[] {
  return ["begin;", ...statements, "commit;"];
}
