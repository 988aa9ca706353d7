// The public schema of a database as data: what two schemas are compared by.

import type { Session } from "../session/session.ts";

export interface CatalogColumn {
  readonly default: string | null;
  readonly name: string;
  readonly nullable: boolean;
  /** From 1, without the gaps that dropped columns leave. */
  readonly position: number;
  /** With its collation, where that is not the type's own. */
  readonly type: string;
}

export interface CatalogKey {
  readonly columns: readonly string[];
  /** In the server's words: all that a key can have, also what has no field here. */
  readonly definition: string;
  readonly name: string;
}

export interface CatalogForeignKey extends CatalogKey {
  readonly deferrable: boolean;
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly refColumns: readonly string[];
  readonly refTable: string;
}

export interface CatalogIndex {
  readonly columns: readonly string[];
  /** In the server's words: order, operator classes and included columns, too. */
  readonly definition: string;
  readonly method: string;
  readonly name: string;
  readonly predicate: string | null;
  readonly unique: boolean;
}

export interface CatalogTable {
  readonly checks: readonly { readonly definition: string; readonly name: string }[];
  readonly columns: readonly CatalogColumn[];
  readonly foreignKeys: readonly CatalogForeignKey[];
  /** Only those that no constraint owns. */
  readonly indexes: readonly CatalogIndex[];
  readonly primaryKey: CatalogKey | null;
  readonly unique: readonly CatalogKey[];
}

/** Numbers are text: a sequence of eight bytes ends above what a Number holds. */
export interface CatalogSequence {
  /** How many ids a session takes at once. */
  readonly cache: string;
  readonly cycle: boolean;
  readonly dataType: string;
  readonly increment: string;
  readonly max: string;
  readonly min: string;
  readonly name: string;
  readonly ownedByColumn: string | null;
  readonly ownedByTable: string | null;
  readonly start: string;
}

/** Keys and lists are in a fixed order, so two catalogs are equal when their JSON is. */
export interface Catalog {
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly otherObjectCounts: {
    readonly functions: number;
    readonly triggers: number;
    readonly views: number;
  };
  /** Other objects in the schema or watching it, as the server names them: domains, operators. */
  readonly others: readonly string[];
  readonly sequences: readonly CatalogSequence[];
  readonly tables: Readonly<Record<string, CatalogTable>>;
}

type Of<Item> = Item & { readonly table: string };

const ENUMS = `
  select t.typname as name, json_agg(e.enumlabel order by e.enumsortorder) as labels
  from pg_type t join pg_enum e on e.enumtypid = t.oid
  where t.typnamespace = 'public'::regnamespace
  group by t.typname order by t.typname`;

/** Those of an extension, which some servers put into every database, are not the archive's. */
const isOfExtension = (classId: string, objectId: string) =>
  `exists (select from pg_depend e where e.classid = ${classId} and e.objid = ${objectId}
           and e.deptype = 'e')`;

const OTHER_OBJECTS = `
  select (select count(*)::int from pg_proc
          where pronamespace = 'public'::regnamespace and not ${isOfExtension("'pg_proc'::regclass", "pg_proc.oid")})
           as functions,
         (select count(*)::int from pg_trigger g join pg_class c on c.oid = g.tgrelid
          where not g.tgisinternal and c.relnamespace = 'public'::regnamespace) as triggers,
         (select count(*)::int from pg_class
          where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace
            and not ${isOfExtension("'pg_class'::regclass", "pg_class.oid")}) as views`;

/** Kinds of relations that this catalog lists or counts: tables, sequences and the two kinds of views. */
const KNOWN_RELATIONS = "('r', 'S', 'v', 'm')";

/** Primary, unique and foreign keys, checks, and what a column says itself: PostgreSQL 18 lists NOT NULL. */
const KNOWN_CONSTRAINTS = "('p', 'u', 'f', 'c', 'n')";

/**
 * Whatever depends on the schema, because it is in it, and is none of the kinds that are listed or
 * counted: no list of kinds here would be complete. What belongs to an extension is left out, as above.
 */
const OTHERS = `
  select i.type || ' ' || i.identity as name
  from (
    select d.classid, d.objid
    from pg_depend d
    left join pg_class c on d.classid = 'pg_class'::regclass and c.oid = d.objid
    left join pg_type t on d.classid = 'pg_type'::regclass and t.oid = d.objid
    where d.refclassid = 'pg_namespace'::regclass and d.refobjid = 'public'::regnamespace
      and d.deptype = 'n' and d.classid not in ('pg_proc'::regclass, 'pg_extension'::regclass)
      and (c.oid is null or c.relkind not in ${KNOWN_RELATIONS})
      and (t.oid is null or t.typtype <> 'e')
    union all
    select 'pg_constraint'::regclass, k.oid
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where c.relnamespace = 'public'::regnamespace and k.contype not in ${KNOWN_CONSTRAINTS}
  ) o, pg_identify_object(o.classid, o.objid, 0) i
  where not ${isOfExtension("o.classid", "o.objid")}
  order by 1`;

const SEQUENCES = `
  select p.seqcache as cache, p.seqcycle as cycle, format_type(p.seqtypid, null) as "dataType",
         p.seqincrement as increment, p.seqmax as max, p.seqmin as min, s.relname as name,
         a.attname as "ownedByColumn", t.relname as "ownedByTable", p.seqstart as start
  from pg_class s join pg_sequence p on p.seqrelid = s.oid
  left join pg_depend d
    on d.objid = s.oid and d.deptype = 'a' and d.classid = 'pg_class'::regclass
  left join pg_class t on t.oid = d.refobjid
  left join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
  where s.relkind = 'S' and s.relnamespace = 'public'::regnamespace
  order by s.relname`;

const TABLES = `
  select relname as name from pg_class
  where relkind = 'r' and relnamespace = 'public'::regnamespace order by relname`;

const COLUMNS = `
  select c.relname as "table", pg_get_expr(d.adbin, d.adrelid) as "default", a.attname as name,
         not a.attnotnull as nullable,
         (row_number() over (partition by c.oid order by a.attnum))::int as position,
         format_type(a.atttypid, a.atttypmod) || case when a.attcollation = t.typcollation then ''
           else ' collate ' || a.attcollation::regcollation end as type
  from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_type t on t.oid = a.atttypid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace
    and a.attnum > 0 and not a.attisdropped
  order by c.relname, a.attnum`;

const CONSTRAINTS = `
  select c.relname as "table", k.contype as kind, k.conname as name,
         pg_get_constraintdef(k.oid) as definition, k.condeferrable as deferrable,
         k.confdeltype as "onDelete", k.confupdtype as "onUpdate", f.relname as "refTable",
         (select json_agg(a.attname order by n.place)
          from unnest(k.conkey) with ordinality n (attnum, place)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = n.attnum) as columns,
         (select json_agg(a.attname order by n.place)
          from unnest(k.confkey) with ordinality n (attnum, place)
          join pg_attribute a on a.attrelid = k.confrelid and a.attnum = n.attnum) as "refColumns"
  from pg_constraint k join pg_class c on c.oid = k.conrelid
  left join pg_class f on f.oid = k.confrelid
  where c.relnamespace = 'public'::regnamespace
  order by c.relname, k.conname`;

const INDEXES = `
  select c.relname as "table",
         (select json_agg(pg_get_indexdef(x.indexrelid, n.place::int, true) order by n.place)
          from unnest(x.indkey) with ordinality n (attnum, place)) as columns,
         pg_get_indexdef(x.indexrelid) as definition, m.amname as method, i.relname as name,
         pg_get_expr(x.indpred, x.indrelid) as predicate, x.indisunique as "unique"
  from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
  join pg_am m on m.oid = i.relam
  where c.relnamespace = 'public'::regnamespace
    and not exists (select from pg_constraint k
                    where k.conindid = x.indexrelid and k.contype in ('p', 'u', 'x'))
  order by c.relname, i.relname`;

interface ConstraintRow extends CatalogForeignKey {
  readonly kind: string;
}

const ACTION: Readonly<Record<string, string>> = {
  a: "NO ACTION",
  r: "RESTRICT",
  c: "CASCADE",
  n: "SET NULL",
  d: "SET DEFAULT",
};

/** Reads only. Names are printed as seen from `public`, which is what every session sees. */
export async function readCatalog(session: Session): Promise<Catalog> {
  const enums = await session.query<{ name: string; labels: string[] }>(ENUMS);
  const [otherObjectCounts] = await session.query<Catalog["otherObjectCounts"]>(OTHER_OBJECTS);
  const others = await session.query<{ name: string }>(OTHERS);
  const sequences = await session.query<CatalogSequence>(SEQUENCES);
  const tables = await readTables(session);
  return {
    enums: Object.fromEntries(enums.map(({ name, labels }) => [name, labels])),
    otherObjectCounts: otherObjectCounts ?? { functions: 0, triggers: 0, views: 0 },
    others: others.map(({ name }) => name),
    sequences,
    tables,
  };
}

async function readTables(session: Session): Promise<Record<string, CatalogTable>> {
  const tables = await session.query<{ name: string }>(TABLES);
  const columns = groupByTable(await session.query<Of<CatalogColumn>>(COLUMNS));
  const constraints = groupByTable(await session.query<Of<ConstraintRow>>(CONSTRAINTS));
  const indexes = groupByTable(await session.query<Of<CatalogIndex>>(INDEXES));
  return Object.fromEntries(
    tables.map(({ name }) => {
      const ofKind = (kind: string) =>
        (constraints.get(name) ?? []).filter((constraint) => constraint.kind === kind);
      return [
        name,
        {
          checks: ofKind("c").map((check) => ({ definition: check.definition, name: check.name })),
          columns: columns.get(name) ?? [],
          foreignKeys: ofKind("f").map(foreignKeyOf),
          indexes: indexes.get(name) ?? [],
          primaryKey: ofKind("p").map(keyOf)[0] ?? null,
          unique: ofKind("u").map(keyOf),
        },
      ];
    }),
  );
}

function keyOf({ columns, definition, name }: ConstraintRow): CatalogKey {
  return { columns, definition, name };
}

function foreignKeyOf(row: ConstraintRow): CatalogForeignKey {
  return {
    columns: row.columns,
    deferrable: row.deferrable,
    definition: row.definition,
    name: row.name,
    onDelete: ACTION[row.onDelete] ?? row.onDelete,
    onUpdate: ACTION[row.onUpdate] ?? row.onUpdate,
    refColumns: row.refColumns,
    refTable: row.refTable,
  };
}

function groupByTable<Item>(rows: readonly Of<Item>[]): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const { table, ...item } of rows) {
    const group = groups.get(table) ?? [];
    // Without its table it is the item; the compiler does not see that the two types are one.
    group.push(item as unknown as Item);
    groups.set(table, group);
  }
  return groups;
}
