// Who owns the tables of an archive and who may do what with them. Whoever reads and writes the old archive is
// to find the same rights in the new one, where other tables stand beside those of the old names.

import { quoteIdentifier, type Session } from "@forklift/postgres";
import { type Grant, grantStatements, grantsSql } from "./grants.ts";

export interface ObjectRights {
  /** On schema public. */
  readonly schema: readonly Grant[];
  /** Tables, views and sequences of schema public, by name. */
  readonly relations: readonly RelationRights[];
  /** Enumerations of schema public. */
  readonly types: readonly { readonly name: string; readonly owner: string }[];
}

interface RelationRights {
  readonly name: string;
  readonly kind: "table" | "sequence";
  readonly owner: string;
  /** A sequence of a serial column follows the owner of its table. */
  readonly isOwnedByColumn: boolean;
  readonly grants: readonly Grant[];
}

/** Of the database that the session is on. */
export async function readObjectRights(session: Session): Promise<ObjectRights> {
  const [row] = await session.query<ObjectRights>(
    `select ${grantsSql("n.nspacl", "acldefault('n', n.nspowner)")} as schema,
            (select coalesce(json_agg(r order by r.name), '[]') from (
               select c.relname::text as name, pg_get_userbyid(c.relowner)::text as owner,
                      case c.relkind when 'S' then 'sequence' else 'table' end as kind,
                      exists (select from pg_depend p where p.objid = c.oid and p.deptype in ('a', 'i')
                                and p.classid = 'pg_class'::regclass and p.refobjsubid > 0) as "isOwnedByColumn",
                      ${grantsSql(
                        "c.relacl",
                        "acldefault(case c.relkind when 'S' then 's' else 'r' end::\"char\", c.relowner)",
                      )} as grants
               from pg_class c where c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'S')) r)
              as relations,
            (select coalesce(json_agg(json_build_object(
                      'name', t.typname, 'owner', pg_get_userbyid(t.typowner)) order by t.typname), '[]')
             from pg_type t where t.typnamespace = n.oid and t.typtype = 'e') as types
     from pg_namespace n where n.nspname = 'public'`,
  );
  return row!;
}

/** The table that every archive has; what the old one has no name for is treated like it. */
const PATTERN_TABLE = "blocks";
const PATTERN_SEQUENCE = "blocks_id_seq";

/** What the new archive is to have: the rights of the old one, by name, else those of its blocks. */
export function rightsLike(old: ObjectRights, archive: ObjectRights): ObjectRights {
  const named = new Map(old.relations.map((relation) => [relation.name, relation]));
  const pattern = (kind: RelationRights["kind"]) =>
    named.get(kind === "table" ? PATTERN_TABLE : PATTERN_SEQUENCE) ?? null;
  const owner = named.get(PATTERN_TABLE)?.owner;
  return {
    schema: old.schema,
    relations: archive.relations.map((relation) => {
      const { name, kind } = relation;
      const like = named.get(name)?.kind === kind ? named.get(name)! : pattern(kind);
      return like === null ? relation : { ...relation, owner: like.owner, grants: like.grants };
    }),
    types: archive.types.map((type) => ({ ...type, owner: owner ?? type.owner })),
  };
}

/** Takes every grant on tables, sequences and the schema away first, whoever has given some in the meantime. */
export function rightsStatements({ schema, relations, types }: ObjectRights): string[] {
  const owned = [
    ...types.map((type) => ({ ...type, kind: "type" })),
    ...relations.filter(({ isOwnedByColumn }) => !isOwnedByColumn),
  ];
  return [
    ...owned.map(
      ({ kind, name, owner }) =>
        `alter ${kind} public.${quoteIdentifier(name)} owner to ${quoteIdentifier(owner)};`,
    ),
    NO_GRANTS,
    ...relations.flatMap(({ kind, name, grants }) =>
      grantStatements(`${kind} public.${quoteIdentifier(name)}`, grants),
    ),
    ...grantStatements("schema public", schema),
  ];
}

/** What the owner of the schema has is left to it. */
const NO_GRANTS = `do $do$
declare
  one record;
begin
  for one in
    select distinct format('%s public.%I', case c.relkind when 'S' then 'sequence' else 'table' end, c.relname) as object,
                    a.grantee
    from pg_catalog.pg_class c, pg_catalog.aclexplode(c.relacl) a
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
    union all
    select distinct 'schema public', a.grantee
    from pg_catalog.pg_namespace n, pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
    where n.nspname = 'public' and a.grantee <> n.nspowner
  loop
    execute format('revoke all on %s from %s cascade', one.object,
      case one.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(one.grantee)) end);
  end loop;
end
$do$;`;
