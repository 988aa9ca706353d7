// Is a target's schema the one that forklift writes, to the last index? `schema-kind.ts` tells an archive by
// its columns; a target that lost a key, or has a column more, would be filled for hours before it fails.

import { ConfigError } from "@forklift/pipeline";
import {
  type CatalogPart,
  catalogParts,
  readCatalog,
  readCatalogFaults,
  type Session,
} from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import { areAccountIndexes, builtLastOf, isBuiltLast } from "../built-last.ts";
import { statementAgainst, statementFor } from "../part-statements.ts";

/** Named in the sentence; one change of a table shows in many parts. */
const NAMED_MAX = 5;

interface Difference {
  readonly fault: string;
  /** What would undo it, where that is one statement; else null. */
  readonly statement: string | null;
}

/**
 * Reads only. A target of ours may be without any index and foreign key, until a first bulk load has ended,
 * or without all of those of the accounts' tables, until a replay has.
 * @throws ConfigError naming what differs: tables, columns, keys, indexes, whatever is not in force.
 */
export async function requireOwnSchema(target: Session): Promise<void> {
  const differences = [...(await differencesOf(target)), ...(await faultsOf(target))];
  if (differences.length === 0) return;
  const named = differences.slice(0, NAMED_MAX).map(({ fault }) => fault);
  const more = differences.length > NAMED_MAX ? `; and ${differences.length - NAMED_MAX} more` : "";
  throw new ConfigError(
    `the schema of the target ${target.maskedUrl} is not the one that forklift writes: ` +
      `${named.join("; ")}${more}`,
    { hint: hintFor(differences) },
  );
}

function hintFor(differences: readonly Difference[]): string {
  const statements = differences.map(({ statement }) => statement);
  const anew = "start again from an empty target, or restore a published set";
  if (differences.length > NAMED_MAX || statements.includes(null)) return anew;
  return `put it back with ${statements.join("; ")}; or ${anew}`;
}

async function differencesOf(target: Session): Promise<Difference[]> {
  const { manifest } = await readSchema("berkeley");
  const catalog = await readCatalog(target);
  const [expected, found] = [catalogParts(manifest), catalogParts(catalog)];
  const missing = [...expected].filter(([name]) => !found.has(name)).map(([, part]) => part);
  const changed = [...expected.entries()].flatMap(([name, part]) => {
    const there = found.get(name);
    return there === undefined || there.text === part.text ? [] : [{ part, there }];
  });
  const extra = [...found].filter(([name]) => !expected.has(name)).map(([, part]) => part);
  const isForeign = ({ table }: CatalogPart) =>
    table in catalog.tables && !(table in manifest.tables);
  const foreignTables = new Set(extra.filter(isForeign).map(({ table }) => table));
  return [
    ...withoutBulkLoad(missing, expected).map((part) => ({
      fault: `${part.object} of ${part.table} is missing`,
      statement: statementFor(part),
    })),
    ...changed.map(({ part, there }) => ({
      fault: changeInWords(part, there.text),
      statement: null,
    })),
    ...[...foreignTables].map((table) => ({
      fault: `there is a table ${table}`,
      statement: null,
    })),
    ...extra
      .filter((part) => !isForeign(part))
      .map((part) => ({
        fault: `there is ${part.table === "public" ? part.object : `${part.object} of ${part.table}`}`,
        statement: statementAgainst(part),
      })),
  ];
}

/** A target of ours may lack what is built last: all of it, or what a replay that has not ended leaves out. */
function withoutBulkLoad(
  missing: readonly CatalogPart[],
  expected: ReadonlyMap<string, CatalogPart>,
): readonly CatalogPart[] {
  const lacking = missing.filter(isBuiltLast);
  const isOurs =
    lacking.length === builtLastOf(expected).length || areAccountIndexes(lacking, expected);
  return isOurs ? missing.filter((part) => !isBuiltLast(part)) : missing;
}

/** Of a column or a sequence, what of it has changed. */
function changeInWords({ table, object, text }: CatalogPart, there: string): string {
  if (table === "public") return `${there} ${object} in schema public, expected ${text}`;
  if (!text.startsWith("{")) return `${object} of ${table} is ${there}, expected ${text}`;
  const values = new Map(Object.entries(JSON.parse(there) as object));
  const changes = Object.entries(JSON.parse(text) as object)
    .filter(([name, value]) => values.get(name) !== value)
    .map(([name, value]) => `${name} ${values.get(name)}, expected ${value}`);
  return `${object} of ${table} has ${changes.join(" and ")}`;
}

async function faultsOf(target: Session): Promise<Difference[]> {
  const faults = await readCatalogFaults(target);
  return faults.map(({ table, object, fault }) => ({
    fault: `${object} of ${table}: ${fault}`,
    statement: null,
  }));
}
