// What a dump has made so far and what of it was left out: what a later statement may rest on.

import { quoteIdentifier } from "../session/identifiers.ts";
import { type QualifiedName, RefusedStatement } from "./token-reader.ts";

export type ObjectKind = "table" | "sequence" | "type" | "index" | "constraint";

/** Everything of an archive lies here, and nothing else is restored. */
const SCHEMA = "public";

/** Those of the server: what a dump would write there is no archive's. */
const SYSTEM_SCHEMA = /^(?:pg_.*|information_schema)$/;

/** A statement that concerns what is left out, which is left out itself. */
export class RestsOnLeftOut extends Error {
  /** As the result lists it. */
  readonly kind: string;

  constructor(kind: string = "what rests on something left out") {
    super(kind);
    this.kind = kind;
  }
}

/** For what cannot be left out on its own: a column, one action of several. */
export function required<Result>(read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RestsOnLeftOut)) throw error;
    throw new RefusedStatement(`it needs what is left out (${error.kind})`);
  }
}

/** What a name was left out as; each kind has names of its own. */
export type LeftOutKind = "relation" | "function" | "type" | "method";

/** An archive has some 150, with its indexes and constraints. Each holds a lock until the commit. */
const MADE_MAX = 1000;

/** Far more than any archive has beside its tables, and nothing in memory. */
const LEFT_OUT_MAX = 10_000;

export class DumpObjects {
  readonly #made = new Set<string>();
  readonly #enums = new Set<string>();
  readonly #leftOut = new Set<string>();
  /** Where unqualified names belong; null: nowhere, as with an empty search path. */
  #schema: string | null = SCHEMA;
  #hasLeftOutExtension = false;
  #hasSerial = false;

  get isEmpty(): boolean {
    return this.#made.size === 0;
  }

  /** By name, in the order in which they were made. */
  get tables(): string[] {
    const prefix = "table ";
    const made = [...this.#made].filter((key) => key.startsWith(prefix));
    return made.map((key) => key.slice(prefix.length));
  }

  /**
   * The search path of the dump.
   * @throws RefusedStatement where a name could belong to `public` or to another schema, for which of
   * them has it only the server knew.
   */
  setSearchPath(schemas: readonly string[]): void {
    const own = schemas.filter((name) => !["", "pg_catalog", "$user"].includes(name));
    if (own.includes(SCHEMA) && own.length > 1) {
      throw new RefusedStatement(`names could belong to each of the schemas ${own.join(", ")}`);
    }
    this.#schema = own[0] ?? null;
  }

  made(kind: ObjectKind, name: string): void {
    if (this.#made.size >= MADE_MAX) {
      throw new RefusedStatement(`the dump makes more than ${MADE_MAX} objects`);
    }
    this.#made.add(`${kind} ${name}`);
  }

  /** What the server gives a name to. */
  madeUnnamed(kind: ObjectKind): void {
    this.made(kind, `\0${this.#made.size}`);
  }

  /** A column of type serial, with a sequence of its own. */
  madeSerial(): void {
    this.madeUnnamed("sequence");
    this.#hasSerial = true;
  }

  /** Whether sequences were made whose names only the server knows. */
  get hasSerial(): boolean {
    return this.#hasSerial;
  }

  madeEnum(name: string): void {
    this.made("type", name);
    this.#enums.add(name);
  }

  hasMade(kind: ObjectKind, name: string): boolean {
    return this.#made.has(`${kind} ${name}`);
  }

  isEnum(name: string): boolean {
    return this.#enums.has(name);
  }

  leftOut(kind: LeftOutKind, name: QualifiedName): void {
    if (this.#leftOut.size >= LEFT_OUT_MAX) {
      throw new RefusedStatement(`the dump makes more than ${LEFT_OUT_MAX} objects to be left out`);
    }
    this.#leftOut.add(this.#keyOf(kind, name));
  }

  isLeftOut(kind: LeftOutKind, name: QualifiedName): boolean {
    return this.#leftOut.has(this.#keyOf(kind, name));
  }

  leftOutExtension(): void {
    this.#hasLeftOutExtension = true;
  }

  /** Whether something unknown may be an extension's, which only the original server knows. */
  get mayBeOfExtension(): boolean {
    return this.#hasLeftOutExtension;
  }

  /**
   * The name inside schema public.
   * @throws RestsOnLeftOut for objects of other schemas.
   */
  nameIn({ schema, name }: QualifiedName): string {
    const actual = schema ?? this.#schema;
    if (actual === null) throw new RefusedStatement(`the name ${name} belongs to no schema`);
    if (SYSTEM_SCHEMA.test(actual)) {
      throw new RefusedStatement(`${actual}.${name} is the server's own`);
    }
    if (actual !== SCHEMA) throw new RestsOnLeftOut("objects of other schemas");
    return name;
  }

  /** A relation that is there, written for SQL. @throws RestsOnLeftOut also where it was left out. */
  relation(written: QualifiedName): string {
    const name = this.nameIn(written);
    if (this.isLeftOut("relation", written) && !this.hasMade("table", name)) {
      throw new RestsOnLeftOut();
    }
    return inPublic(name);
  }

  #keyOf(kind: LeftOutKind, { schema, name }: QualifiedName): string {
    return JSON.stringify([kind, schema ?? this.#schema, name]);
  }
}

/** @param name of a relation or a type. */
export function inPublic(name: string): string {
  return `${SCHEMA}.${quoteIdentifier(name)}`;
}
