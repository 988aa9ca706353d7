// Grants as PostgreSQL keeps them, read from an access control list and written as statements again.

import { quoteIdentifier } from "@forklift/postgres";

export interface Grant {
  /** The name of a role; null stands for PUBLIC. */
  readonly grantee: string | null;
  /** In SQL's own words, as SELECT or CONNECT. */
  readonly privilege: string;
  readonly isGrantable: boolean;
}

/**
 * An SQL expression: the grants of a list as JSON, also of one that was never changed. Whoever gave a grant is
 * left out, so that one which two roles have given counts once.
 * @param list the column of the list.
 * @param standard the list that stands for null, as `acldefault('d', datdba)`.
 */
export function grantsSql(list: string, standard: string): string {
  return `(select coalesce(json_agg(g order by g.grantee nulls first, g.privilege), '[]') from (
      select case when a.grantee <> 0 then pg_get_userbyid(a.grantee) end as grantee,
             a.privilege_type as privilege, bool_or(a.is_grantable) as "isGrantable"
      from aclexplode(coalesce(${list}, ${standard})) a group by 1, 2) g)`;
}

/**
 * One statement for each grantee, and one more for what it may hand on.
 * @param object as a statement names it: `table public."blocks"`.
 */
export function grantStatements(object: string, grants: readonly Grant[]): string[] {
  const statements: string[] = [];
  for (const isGrantable of [false, true]) {
    const byGrantee = new Map<string | null, string[]>();
    for (const grant of grants) {
      if (grant.isGrantable !== isGrantable) continue;
      const privileges = byGrantee.get(grant.grantee) ?? [];
      byGrantee.set(grant.grantee, [...privileges, grant.privilege.toLowerCase()]);
    }
    for (const [grantee, privileges] of byGrantee) {
      const words = privileges.map(requirePrivilege).join(", ");
      const option = isGrantable ? " with grant option" : "";
      statements.push(`grant ${words} on ${object} to ${granteeText(grantee)}${option};`);
    }
  }
  return statements;
}

/** A role that is called public is quoted, and so another than everybody. */
function granteeText(grantee: string | null): string {
  return grantee === null ? "public" : quoteIdentifier(grantee);
}

/** The words come from a server, which may be any program. */
function requirePrivilege(word: string): string {
  if (/^[a-z][a-z ]{0,30}$/.test(word)) return word;
  throw new Error(`the server has a privilege ${JSON.stringify(word)}`);
}
