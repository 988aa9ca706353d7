// Which schema a database holds, decided by the names of its tables and columns, never by position:
// long-lived archives were upgraded by scripts, and their columns stand in other orders.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type Era, readSchema } from "@forklift/schemas";

export type SchemaKind =
  | { readonly kind: "empty" }
  | { readonly kind: Era }
  /** Most of an era's columns are there, and not all. */
  | { readonly kind: "half-made"; readonly era: Era; readonly why: string }
  | { readonly kind: "foreign"; readonly why: string };

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
  if (found.size === 0) return { kind: "empty" };
  const fits: Fit[] = [];
  for (const era of ERAS) fits.push(await fitOf(era, found));
  const whole = fits.filter(({ lacking }) => lacking.length === 0);
  if (whole.length > 1) {
    return { kind: "foreign", why: "it has the columns of both a pre-fork and a Berkeley archive" };
  }
  if (whole[0] !== undefined) return { kind: whole[0].era };
  const meant = fits.find((fit) => isMeant(fit, fits.find((other) => other !== fit)!));
  if (meant !== undefined) {
    return { kind: "half-made", era: meant.era, why: `it lacks ${summary(meant.lacking)}` };
  }
  const why = fits.map(({ era, lacking }) => `as ${ERA_NAMES[era]} it lacks ${summary(lacking)}`);
  return { kind: "foreign", why: why.join("; ") };
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

/** The eras share many columns; those that they do not share tell which one was meant. */
function isMeant({ present, lacking, ownPresent }: Fit, other: Fit): boolean {
  const share = present / (present + lacking.length);
  return share >= HALF_MADE_SHARE && ownPresent > other.ownPresent;
}

/** @throws ConfigError, naming the role (source or target), what was expected and what is there. */
export async function requireSchema(
  session: Session,
  { role, era }: { readonly role: string; readonly era: Era },
): Promise<void> {
  const found = await identifySchema(session);
  if (found.kind === era) return;
  throw new ConfigError(
    `the ${role} ${session.maskedUrl} holds ${inWords(found)}, expected ${ERA_NAMES[era]}`,
    { hint: hintFor(found, era) },
  );
}

function inWords(found: SchemaKind): string {
  switch (found.kind) {
    case "empty":
      return "an empty database";
    case "half-made":
      return `a half-made archive: of ${ERA_NAMES[found.era]} ${found.why}`;
    case "foreign":
      return `no archive that we know (${found.why})`;
    default:
      return ERA_NAMES[found.kind];
  }
}

function hintFor(found: SchemaKind, era: Era): string {
  switch (found.kind) {
    case "mainnet":
    case "berkeley":
      return "the URLs of source and target look swapped";
    case "half-made":
      return "the restore or the script that made it did not end; make it anew from its beginning";
    default:
      return `give the URL of ${ERA_NAMES[era]}`;
  }
}

const NAMED_MAX = 3;

function summary(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more columns` : "";
  return names.slice(0, NAMED_MAX).join(", ") + more;
}
