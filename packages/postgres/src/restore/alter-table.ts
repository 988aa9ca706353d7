// ALTER TABLE: constraints, defaults and identities run; what says nothing about rows is left out.

import { readConstraint } from "./constraints.ts";
import { type DumpObjects, RestsOnLeftOut, required } from "./dump-objects.ts";
import { readOperand } from "./expressions.ts";
import { readGenerated } from "./table-statements.ts";
import { RefusedStatement, type TokenReader } from "./token-reader.ts";

/** Actions without a bearing on what a row is, by how they begin. */
const LEFT_OUT: readonly (readonly [kind: string, ...words: string[]])[] = [
  ["owners", "owner", "to"],
  ["row level security", "enable", "row"],
  ["row level security", "disable", "row"],
  ["row level security", "force", "row"],
  ["row level security", "no", "force"],
  ["triggers", "enable"],
  ["triggers", "disable"],
  ["publications", "replica", "identity"],
  ["storage", "cluster", "on"],
  ["storage", "set", "without", "cluster"],
  ["storage", "set", "without", "oids"],
  ["access methods", "set", "access", "method"],
  ["tablespaces", "set", "tablespace"],
];

/** Of one column. */
const COLUMN_LEFT_OUT: readonly (readonly string[])[] = [
  ["set", "statistics"],
  ["set", "storage"],
  ["set", "compression"],
];

/** ALTER TABLE ONLY public.some ADD CONSTRAINT … */
export function readAlterTable(reader: TokenReader, objects: DumpObjects): string {
  reader.expectWords("alter", "table");
  const ifThere = reader.takeWords("if", "exists");
  const only = reader.takeWords("only") ? "only " : "";
  const relation = objects.relation(reader.qualifiedName());
  const actions = [readFirstAction(reader, objects)];
  while (reader.takeSymbol(",")) actions.push(required(() => readAction(reader, objects)));
  reader.expectEnd();
  return `alter table ${ifThere ? "if exists " : ""}${only}${relation} ${actions.join(", ")}`;
}

/** Alone it may be left out; an action beside it must not be lost with it. */
function readFirstAction(reader: TokenReader, objects: DumpObjects): string {
  try {
    return readAction(reader, objects);
  } catch (error) {
    if (!(error instanceof RestsOnLeftOut) || !reader.reachesOutside(() => reader.isSymbol(",")))
      throw error;
    throw new RefusedStatement(`of several actions one would be left out (${error.kind})`);
  }
}

function readAction(reader: TokenReader, objects: DumpObjects): string {
  for (const [kind, ...words] of LEFT_OUT) {
    if (reader.isWord(...words)) throw new RestsOnLeftOut(kind);
  }
  if (reader.isWord("set") && reader.isSymbol("(", 1)) throw new RestsOnLeftOut("storage");
  if (reader.isWord("drop", "constraint")) return readDrop(reader, objects);
  if (reader.takeWords("add")) return `add ${readConstraint(reader, objects)}`;
  if (reader.takeWords("alter")) {
    reader.takeWords("column");
    return readColumnAction(reader, objects);
  }
  throw reader.unexpected(
    "ADD CONSTRAINT, or ALTER COLUMN … SET DEFAULT, NOT NULL or ADD GENERATED",
  );
}

function readColumnAction(reader: TokenReader, objects: DumpObjects): string {
  const column = `alter column ${reader.quotedName()}`;
  if (COLUMN_LEFT_OUT.some((words) => reader.isWord(...words))) throw new RestsOnLeftOut("storage");
  if (reader.isWord("set") && reader.isSymbol("(", 1)) throw new RestsOnLeftOut("storage");
  if (reader.takeWords("set", "default")) {
    return `${column} set default ${readOperand(reader, objects)}`;
  }
  if (reader.takeWords("set", "not", "null")) return `${column} set not null`;
  if (reader.takeWords("add", "generated")) {
    return `${column} add ${readGenerated(reader, objects)}`;
  }
  // pg_dump --clean takes defaults back before it drops their tables.
  if (reader.isWord("drop", "default") && objects.isEmpty) throw new RestsOnLeftOut("drops");
  throw reader.unexpected("SET DEFAULT, SET NOT NULL or ADD GENERATED");
}

function readDrop(reader: TokenReader, objects: DumpObjects): never {
  reader.expectWords("drop", "constraint");
  reader.takeWords("if", "exists");
  const name = reader.name();
  if (!objects.hasMade("constraint", name)) throw new RestsOnLeftOut("drops");
  throw new RefusedStatement(`it drops the constraint ${name}, which the dump made itself`);
}
