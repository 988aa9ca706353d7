// What a dump has made so far and what of it was left out: what a later statement may rest on.

import { quoteIdentifier } from "../identifiers.ts";
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

export class DumpObjects {
  readonly #made = new Set<string>();
  readonly #enums = new Set<string>();
  readonly #leftOut = new Set<string>();
  /** Where unqualified names belong; null: nowhere, as with an empty search path. */
  #schema: string | null = SCHEMA;
  #hasLeftOutExtension = false;

  get isEmpty(): boolean {
    return this.#made.size === 0;
  }

  /** The search path of the dump: of several schemas the first takes what is made. */
  setSearchPath(schemas: readonly string[]): void {
    this.#schema = schemas.find((name) => name !== "pg_catalog" && name !== "$user") ?? null;
  }

  made(kind: ObjectKind, name: string): void {
    this.#made.add(`${kind} ${name}`);
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

  /** Whatever its kind: relations and functions share no name in a dump that pg_dump wrote. */
  leftOut(name: string): void {
    this.#leftOut.add(name);
  }

  leftOutExtension(): void {
    this.#hasLeftOutExtension = true;
  }

  isLeftOut(name: string): boolean {
    return this.#leftOut.has(name);
  }

  /** Whether something unknown may be an extension's, which is told only by the server it was on. */
  get mayBeOfExtension(): boolean {
    return this.#hasLeftOutExtension;
  }

  /**
   * The name inside schema public.
   * @throws RestsOnLeftOut for objects of other schemas, and for those that were left out.
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

  /** The same for a relation, written for SQL. */
  relation(written: QualifiedName): string {
    const name = this.nameIn(written);
    if (this.#leftOut.has(name) && !this.hasMade("table", name)) {
      throw new RestsOnLeftOut();
    }
    return inPublic(name);
  }
}

/** @param name of a relation or a type. */
export function inPublic(name: string): string {
  return `${SCHEMA}.${quoteIdentifier(name)}`;
}
