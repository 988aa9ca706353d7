// The form in which an archive stands that may have gone on after the fork: Berkeley's, as we write it, or
// one that upstream's upgrades to Mesa leave. By the catalog, and by the archive's own record of upgrades.

import { ConfigError } from "@forklift/pipeline";
import {
  type Catalog,
  type CatalogTable,
  catalogParts,
  readCatalog,
  requireAllRows,
  type Session,
} from "@forklift/postgres";
import { type MesaForm, readMesaSchemas, readSchema } from "@forklift/schemas";
import { identifySchema, requireSchema, type Upgrade } from "./schema-kind.ts";

export interface ArchiveForm {
  readonly era: "berkeley" | "mesa";
  /** In the words of a report: "Mesa, migration 0.0.6". */
  readonly name: string;
  /** What the catalog must be, with what is accepted besides. */
  readonly schema: Catalog;
  /** What is accepted besides, each in words. */
  readonly additions: readonly string[];
}

const MESA_NAMES: Readonly<Record<MesaForm, string>> = {
  "0.0.5": "Mesa, as migration 0.0.5 makes it",
  documented: "Mesa, in the documented form",
  "0.0.6": "Mesa, as migration 0.0.6 makes it",
};

const BERKELEY_NAME = "Berkeley";

/**
 * Reads only. Of the known forms the one that the catalog is nearest to: what it differs in is for the
 * verification to say.
 * @throws ConfigError when the database is no archive of Berkeley or Mesa, or its rows are hidden from the role.
 */
export async function requireArchiveForm(session: Session, role: string): Promise<ArchiveForm> {
  const kind = await identifySchema(session);
  if (kind.kind !== "later") {
    await requireSchema(session, { role, era: "berkeley" });
    return await formOf(session, { role, upgrade: null });
  }
  const { upgrade, lacking } = kind;
  if (!isOfMesa(upgrade)) {
    throw new ConfigError(
      `the ${role} ${session.maskedUrl} is of an era that this release does not know: ${kind.name}; ` +
        "expected an archive of Berkeley or Mesa",
      { hint: "take a release of forklift that knows this era" },
    );
  }
  if (lacking.length > 0) {
    throw new ConfigError(
      `the ${role} ${session.maskedUrl} holds a half-made archive: of ${kind.name} it lacks ${lacking.join(", ")}`,
      { hint: "let the upgrade end, or restore the archive, then run the same command again" },
    );
  }
  await requireAllRows(session, role);
  return await formOf(session, { role, upgrade });
}

function isOfMesa({ protocol }: Upgrade): boolean {
  return protocol.startsWith("4.");
}

/** @param upgrade the last one that the archive has recorded, if that was to a later era. */
async function formOf(
  session: Session,
  { role, upgrade }: { readonly role: string; readonly upgrade: Upgrade | null },
): Promise<ArchiveForm> {
  const found = await readCatalog(session);
  const zero = await idOfZero(session);
  const mesa = await readMesaSchemas();
  const berkeley = { era: "berkeley" as const, name: BERKELEY_NAME };
  const { manifest } = await readSchema("berkeley");
  const known = [
    ...(upgrade === null ? [{ ...berkeley, ...accepting(manifest, { found, zero, mesa }) }] : []),
    ...mesa.map(({ form, manifest: schema }) => ({
      era: "mesa" as const,
      name: MESA_NAMES[form],
      ...accepting(schema, { found, zero, mesa }),
    })),
  ];
  const counted = known.map((form) => ({ form, count: differenceCount(form.schema, found) }));
  requireReadableColumns(session, { role, schema: manifest, found });
  // Of two that are as near the first one: Berkeley before Mesa.
  const [{ form }] = counted.sort((left, right) => left.count - right.count) as [
    (typeof counted)[0],
  ];
  if (upgrade === null || upgrade.status === "applied") return form;
  const { migration, status } = upgrade;
  const unfinished = `a last upgrade, ${migration}, that migration_history calls ${status}`;
  return { ...form, additions: [...form.additions, unfinished] };
}

/** Types that are read alike: what else a column may be is a difference of the schema, and no more. */
const ALIKE: readonly RegExp[] = [
  /^(text|character varying|character)\b/,
  /^(bigint|integer|smallint)$/,
];

/**
 * A column of another kind would end every query that reads it.
 * @throws ConfigError naming the columns.
 */
function requireReadableColumns(
  session: Session,
  {
    role,
    schema,
    found,
  }: { readonly role: string; readonly schema: Catalog; readonly found: Catalog },
): void {
  const isReadable = (type: string, expected: string) =>
    type === expected || ALIKE.some((kind) => kind.test(type) && kind.test(expected));
  const others = Object.entries(schema.tables).flatMap(([table, { columns }]) =>
    columns.flatMap(({ name, type }) => {
      const there = found.tables[table]?.columns.find((column) => column.name === name);
      return there === undefined || isReadable(there.type, type)
        ? []
        : [`${table}.${name} is ${there.type}, expected ${type}`];
    }),
  );
  if (others.length === 0) return;
  throw new ConfigError(
    `the ${role} ${session.maskedUrl} has columns of other types than an archive: ${others.join("; ")}`,
    { hint: "give an archive as its node made it: another program has changed this one" },
  );
}

/** The state elements that an upgrade adds are this row of `zkapp_field` in what was there before. */
async function idOfZero(session: Session): Promise<string | null> {
  const [row] = await session.query<{ id: string }>(
    "select id::text as id from zkapp_field where field = '0' order by id limit 1",
  );
  return row?.id ?? null;
}

function differenceCount(expected: Catalog, found: Catalog): number {
  const [wanted, there] = [catalogParts(expected), catalogParts(found)];
  const changed = [...wanted].filter(([name, { text }]) => there.get(name)?.text !== text);
  const extra = [...there.keys()].filter((name) => !wanted.has(name));
  return changed.length + extra.length;
}

interface Found {
  readonly found: Catalog;
  readonly zero: string | null;
  readonly mesa: readonly { readonly manifest: Catalog }[];
}

/** The schema, with every addition that the database has and that an archive may have. */
function accepting(
  schema: Catalog,
  { found, zero, mesa }: Found,
): Pick<ArchiveForm, "schema" | "additions"> {
  const additions: string[] = [];
  let tables = schema.tables;
  let { enums, sequences } = schema;
  const put = (name: string, table: CatalogTable) => {
    tables = { ...tables, [name]: table };
  };
  put("zkapp_states", withDefaults(tables["zkapp_states"]!, found.tables["zkapp_states"], zero));

  const nullable = nullableColumns(tables[BODY]!, found.tables[BODY]);
  if (nullable.length > 0) {
    const columns = tables[BODY]!.columns.map((column) =>
      nullable.includes(column.name) ? { ...column, nullable: true } : column,
    );
    put(BODY, { ...tables[BODY]!, columns });
    additions.push(...nullable.map((name) => `${BODY}.${name} that may be null`));
  }

  const indexes = (found.tables["user_commands"]?.indexes ?? []).filter(isCommandIndex);
  if (indexes.length > 0) {
    const commands = tables["user_commands"]!;
    put("user_commands", { ...commands, indexes: [...commands.indexes, ...indexes] });
    additions.push(...indexes.map(({ name }) => `index ${name}`));
  }

  const own = found.tables[STATE_TABLE];
  if (own !== undefined) {
    put(STATE_TABLE, own);
    const ofTable = found.sequences.filter(({ ownedByTable }) => ownedByTable === STATE_TABLE);
    sequences = [...sequences, ...ofTable];
    const types = new Set(own.columns.map(({ type }) => type));
    const ownTypes = Object.entries(found.enums).filter(([name]) => types.has(name));
    enums = { ...Object.fromEntries(ownTypes), ...enums };
    additions.push(`table ${STATE_TABLE}`);
  }

  // Upgraded and taken back; or, of Mesa, made by a release of its own and never upgraded.
  const history = mesa[0]!.manifest;
  const hasHistory = found.tables[HISTORY] !== undefined;
  if (hasHistory && tables[HISTORY] === undefined) {
    put(HISTORY, history.tables[HISTORY]!);
    enums = { ...enums, [STATUS]: history.enums[STATUS]! };
    additions.push(`table ${HISTORY}, as a downgrade leaves it`);
  } else if (!hasHistory && tables[HISTORY] !== undefined && !(STATUS in found.enums)) {
    const { [HISTORY]: _table, ...others } = tables;
    const { [STATUS]: _type, ...otherEnums } = enums;
    tables = others;
    enums = otherEnums;
    additions.push(`no table ${HISTORY}, as in an archive that began as Mesa's`);
  }
  return { schema: { ...schema, enums, sequences, tables }, additions };
}

const BODY = "zkapp_account_update_body";
const STATE_TABLE = "hardfork_state";
const HISTORY = "migration_history";
const STATUS = "migration_status";

/** The documentation names them as nullable; no script that we know makes them so. */
function nullableColumns(table: CatalogTable, found: CatalogTable | undefined): readonly string[] {
  return (found?.columns ?? [])
    .filter(({ name, nullable }) => nullable && (name === "events_id" || name === "actions_id"))
    .map(({ name }) => name)
    .filter((name) => table.columns.some((column) => column.name === name && !column.nullable));
}

const COMMAND_INDEXES = new Map(
  ["fee_payer_id", "source_id", "receiver_id"].map((column) => [
    `idx_user_commands_${column}`,
    `CREATE INDEX idx_user_commands_${column} ON public.user_commands USING btree (${column})`,
  ]),
);

function isCommandIndex({ name, definition }: CatalogTable["indexes"][number]): boolean {
  return COMMAND_INDEXES.get(name) === definition;
}

/** The default is the id of a row, another one in every archive; an archive that began as Mesa's has none. */
function withDefaults(
  table: CatalogTable,
  found: CatalogTable | undefined,
  zero: string | null,
): CatalogTable {
  const columns = table.columns.map((column) => {
    if (!/^element\d+$/.test(column.name) || column.default === null) return column;
    const there = found?.columns.find(({ name }) => name === column.name);
    const isMeant = there?.default === null || there?.default === zero;
    return isMeant ? { ...column, default: there!.default } : column;
  });
  return { ...table, columns };
}
