// Which schema a database holds, decided by the names of its tables and columns, never by position:
// long-lived archives were upgraded by scripts, and their columns stand in other orders.

import { ConfigError } from "@forklift/pipeline";
import { readCatalog, requireAllRows, type Session } from "@forklift/postgres";
import { type Era, readSchema } from "@forklift/schemas";
import { type OlderSchema, olderSchema } from "./schema-upgrades.ts";
import { requireReadableTypes } from "./source-types.ts";

export type SchemaKind =
  | { readonly kind: "empty" }
  | { readonly kind: Era }
  /** Of a later era, as its own record of schema upgrades says. */
  | {
      readonly kind: "later";
      readonly name: string;
      readonly upgrade: Upgrade;
      /** Of the columns of Berkeley, which later eras keep. */
      readonly lacking: readonly string[];
    }
  /** Of an older release, or on its way to ours: nothing is lacking but what upgrades add. */
  | {
      readonly kind: "older";
      readonly era: Era;
      readonly older: OlderSchema;
      readonly lacking: readonly string[];
    }
  /** Most of an era's columns are there, and not all. */
  | { readonly kind: "half-made"; readonly era: Era; readonly lacking: readonly string[] }
  | { readonly kind: "foreign"; readonly why: string };

/** The last one that an archive has recorded, in its own words. */
export interface Upgrade {
  /** The protocol version that it led to. */
  readonly protocol: string;
  /** The version of the script. */
  readonly migration: string;
  /** `applied` once it has ended. */
  readonly status: string;
}

/** Each era's archive in the words of an error message. */
const ERA_NAMES: Readonly<Record<Era, string>> = {
  mainnet: "a pre-fork (mainnet) archive",
  berkeley: "a Berkeley archive",
};

const ERAS = ["berkeley", "mainnet"] as const;

/** Columns by table. */
type Columns = ReadonlyMap<string, ReadonlySet<string>>;

/** What of an era's columns a database has and lacks. */
interface Fit {
  readonly era: Era;
  readonly present: number;
  readonly lacking: readonly string[];
  /** Columns there that the other era does not have. */
  readonly ownPresent: number;
}

export async function identifySchema(session: Session): Promise<SchemaKind> {
  const found = await readColumns(session);
  if (found.size === 0) return await withoutTables(session);
  const upgrade = await lastUpgrade(session);
  if (upgrade !== null) {
    const { lacking } = await fitOf("berkeley", found);
    const parts = partsOf(lacking, found, await otherRelations(session));
    return { kind: "later", name: nameOfEra(upgrade), upgrade, lacking: parts };
  }
  const fits: Fit[] = [];
  for (const era of ERAS) fits.push(await fitOf(era, found));
  const whole = fits.filter(({ lacking }) => lacking.length === 0);
  if (whole.length > 1) {
    return { kind: "foreign", why: "it has the columns of both a pre-fork and a Berkeley archive" };
  }
  if (whole[0] !== undefined) return { kind: whole[0].era };
  const meant = fits.find((fit) => isMeant(fit, fits.find((other) => other !== fit)!));
  if (meant !== undefined) {
    const { era } = meant;
    const lacking = [
      ...partsOf(meant.lacking, found, await otherRelations(session)),
      ...(await lackingTypes(session, era)),
    ];
    const older = olderSchema(era, meant.lacking);
    if (older === null) return { kind: "half-made", era, lacking };
    return { kind: "older", era, older, lacking };
  }
  const why = fits.map(({ era, lacking }) => `as ${ERA_NAMES[era]} it lacks ${summary(lacking)}`);
  return { kind: "foreign", why: why.join("; ") };
}

/** Whatever else is there would be in the way of the tables that are to be made. */
async function withoutTables(session: Session): Promise<SchemaKind> {
  const { enums, otherObjectCounts, others, sequences } = await readCatalog(session);
  const counts = Object.entries(otherObjectCounts).filter(([, count]) => count > 0);
  const there = [
    ...Object.keys(enums).map((name) => `type ${name}`),
    ...counts.map(([kind, count]) => `${count} ${kind}`),
    ...sequences.map(({ name }) => `sequence ${name}`),
    ...others,
  ];
  if (there.length === 0) return { kind: "empty" };
  return { kind: "foreign", why: `it has no tables, but ${summary(there, "others")}` };
}

const UPGRADE_COLUMNS = ["commit_start_at", "protocol_version", "migration_version", "status"];

/**
 * Upstream's scripts record there what they make of a Berkeley archive, and take back. They name no schema,
 * so that the table lies where the search path of their role begins.
 */
async function lastUpgrade(session: Session): Promise<Upgrade | null> {
  const [history] = await session.query<{ name: string }>(
    `select c.oid::regclass::text as name
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = any($1)
     where c.relname = 'migration_history' and c.relkind = 'r'
     group by c.oid, c.relnamespace having count(*) = cardinality($1)
     order by c.relnamespace = 'public'::regnamespace desc, c.oid limit 1`,
    [UPGRADE_COLUMNS],
  );
  if (history === undefined) return null;
  const [last] = await session.query<Record<keyof Upgrade, string>>(
    `select protocol_version::text as protocol, migration_version::text as migration,
            status::text as status
     from ${history.name} order by commit_start_at desc limit 1`,
  );
  return last === undefined || last.protocol.startsWith("3.") ? null : last;
}

function nameOfEra({ protocol, migration, status }: Upgrade): string {
  const era = protocol.startsWith("4.") ? "a Mesa archive" : "an archive of a later era";
  return (
    `${era}: its migration_history names protocol version ${protocol}, by migration ${migration}` +
    (status === "applied" ? "" : ` (${status})`)
  );
}

/** A table of which nothing is there stands for its columns. */
function partsOf(
  lacking: readonly string[],
  found: Columns,
  others: ReadonlyMap<string, string>,
): readonly string[] {
  const parts = lacking.map((column) => {
    const [table = ""] = column.split(".");
    if (found.has(table)) return column;
    const other = others.get(table);
    return other === undefined
      ? `table ${table}`
      : `table ${table} (there is a ${other} of that name)`;
  });
  return [...new Set(parts)];
}

/** What is no table and may stand in the place of one, by name. */
async function otherRelations(session: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await session.query<{ name: string; kind: string }>(
    `select relname as name, case relkind when 'v' then 'view' when 'm' then 'materialized view'
                                          when 'f' then 'foreign table' else 'sequence' end as kind
     from pg_class where relnamespace = 'public'::regnamespace and relkind in ('v', 'm', 'f', 'S')`,
  );
  return new Map(rows.map(({ name, kind }) => [name, kind]));
}

async function lackingTypes(session: Session, era: Era): Promise<readonly string[]> {
  const { manifest } = await readSchema(era);
  const rows = await session.query<{ name: string }>(
    `select t.typname as name from pg_type t join pg_namespace n on n.oid = t.typnamespace
     where n.nspname = 'public' and t.typtype = 'e'`,
  );
  const found = new Set(rows.map(({ name }) => name));
  return Object.keys(manifest.enums)
    .filter((name) => !found.has(name))
    .map((name) => `type ${name}`);
}

async function readColumns(session: Session): Promise<Columns> {
  const rows = await session.query<{ table_name: string; columns: string[] }>(
    `select c.relname as table_name, array_agg(a.attname::text) as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = 'public' and c.relkind in ('r', 'p')
     group by c.relname`,
  );
  return new Map(rows.map(({ table_name, columns }) => [table_name, new Set(columns)]));
}

async function fitOf(era: Era, found: Columns): Promise<Fit> {
  const expected = await columnsOf(era);
  const other = new Set(await columnsOf(era === "mainnet" ? "berkeley" : "mainnet"));
  const own = expected.filter((column) => !other.has(column));
  const has = (column: string) => {
    const [table = "", name = ""] = column.split(".");
    return found.get(table)?.has(name) === true;
  };
  return {
    era,
    present: expected.filter(has).length,
    lacking: expected.filter((column) => !has(column)),
    ownPresent: own.filter(has).length,
  };
}

async function columnsOf(era: Era): Promise<string[]> {
  const { manifest } = await readSchema(era);
  return Object.entries(manifest.tables).flatMap(([table, { columns }]) =>
    columns.map(({ name }) => `${table}.${name}`),
  );
}

/** Below this share of an era's columns, likeness is chance: others call a table `blocks`, too. */
const HALF_MADE_SHARE = 1 / 4;

/** The eras share many columns; those that they do not share show which one was meant. */
function isMeant({ present, lacking, ownPresent }: Fit, other: Fit): boolean {
  const share = present / (present + lacking.length);
  return share >= HALF_MADE_SHARE && ownPresent > other.ownPresent;
}

/**
 * An archive of that era, of which the session sees all rows.
 * @throws ConfigError, naming the role (source or target), what was expected and what is there.
 */
export async function requireSchema(
  session: Session,
  { role, era }: { readonly role: string; readonly era: Era },
): Promise<void> {
  const found = await identifySchema(session);
  if (found.kind === "mainnet" && era === "mainnet") await requireReadableTypes(session);
  if (found.kind === era) return await requireAllRows(session, role);
  throw new ConfigError(
    `the ${role} ${session.maskedUrl} holds ${inWords(found)}, expected ${expectation(found, era)}`,
    { hint: hintFor(found, era) },
  );
}

function expectation(found: SchemaKind, era: Era): string {
  if (found.kind !== "older" || found.era !== era) return ERA_NAMES[era];
  return `one of release ${found.older.current}`;
}

function inWords(found: SchemaKind): string {
  switch (found.kind) {
    case "empty":
      return "an empty database";
    case "later":
      return found.name;
    case "older":
      return (
        `${ERA_NAMES[found.era]}${found.older.isPartlyUpgraded ? ", partly upgraded from" : " of"} ` +
        `${found.older.oldest}: against release ${found.older.current} it lacks ${found.lacking.join(", ")}`
      );
    case "half-made":
      return `a half-made archive: of ${ERA_NAMES[found.era]} it lacks ${found.lacking.join(", ")}`;
    case "foreign":
      return `no archive that we know (${found.why})`;
    default:
      return ERA_NAMES[found.kind];
  }
}

function swappedHint(era: Era): string {
  return `give the URL of ${ERA_NAMES[era]} here: those of source and target look swapped`;
}

function hintFor(found: SchemaKind, era: Era): string {
  switch (found.kind) {
    case "mainnet":
    case "berkeley":
      return swappedHint(era);
    case "later":
      return era === "berkeley"
        ? "leave that archive as it is, and give an empty database, or one that forklift has made"
        : `give the URL of ${ERA_NAMES[era]}`;
    case "older":
      if (found.era !== era) return swappedHint(era);
      return (
        `bring it, or a copy of it, to release ${found.older.current} with upstream's upgrade ` +
        `scripts (github.com/MinaProtocol/mina): ${found.older.upgrades.join(", then ")}`
      );
    case "half-made":
      return "make it anew from its beginning: the restore or the script that made it did not end";
    default:
      return `give the URL of ${ERA_NAMES[era]}`;
  }
}

const NAMED_MAX = 3;

function summary(names: readonly string[], what = "more columns"): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} ${what}` : "";
  return names.slice(0, NAMED_MAX).join(", ") + more;
}
