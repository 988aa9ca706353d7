// Which schema a database holds, decided by the names of its tables and columns, never by position:
// long-lived archives were upgraded by scripts, and their columns stand in other orders.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type Era, readSchema } from "@forklift/schemas";

export type SchemaKind =
  | { readonly kind: "empty" }
  | { readonly kind: Era }
  | { readonly kind: "foreign"; readonly why: string };

/** Each era's archive in the words of an error message. */
const ERA_NAMES: Readonly<Record<Era, string>> = {
  mainnet: "a pre-fork (mainnet) archive",
  berkeley: "a Berkeley archive",
};

export async function identifySchema(session: Session): Promise<SchemaKind> {
  const rows = await session.query<{ table_name: string; columns: string[] }>(
    `select c.relname as table_name, array_agg(a.attname::text) as columns
     from pg_class c
     join pg_namespace n on n.oid = c.relnamespace
     join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where n.nspname = 'public' and c.relkind in ('r', 'p')
     group by c.relname`,
  );
  if (rows.length === 0) return { kind: "empty" };
  const found = new Map(rows.map(({ table_name, columns }) => [table_name, new Set(columns)]));

  const missing: string[] = [];
  for (const era of ["berkeley", "mainnet"] as const) {
    const { manifest } = await readSchema(era);
    const lacking = Object.entries(manifest.tables).flatMap(([table, { columns }]) =>
      columns
        .filter(({ name }) => !found.get(table)?.has(name))
        .map(({ name }) => `${table}.${name}`),
    );
    if (lacking.length === 0) return { kind: era };
    missing.push(`as ${ERA_NAMES[era]} it lacks ${summary(lacking)}`);
  }
  return { kind: "foreign", why: missing.join("; ") };
}

/** @throws ConfigError, naming the role (source or target), what was expected and what is there. */
export async function requireSchema(
  session: Session,
  { role, era }: { readonly role: string; readonly era: Era },
): Promise<void> {
  const found = await identifySchema(session);
  if (found.kind === era) return;
  const what =
    found.kind === "empty"
      ? "an empty database"
      : found.kind === "foreign"
        ? `no archive that we know (${found.why})`
        : ERA_NAMES[found.kind];
  const isSwapped = found.kind === "mainnet" || found.kind === "berkeley";
  throw new ConfigError(
    `the ${role} ${session.maskedUrl} holds ${what}, expected ${ERA_NAMES[era]}`,
    {
      hint: isSwapped
        ? "the URLs of source and target look swapped"
        : `give the URL of ${ERA_NAMES[era]}`,
    },
  );
}

const NAMED_MAX = 3;

function summary(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more columns` : "";
  return names.slice(0, NAMED_MAX).join(", ") + more;
}
