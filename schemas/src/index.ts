// The two archive schemas: the DDL, which is the truth, and the catalog generated from it.

import { readFile } from "node:fs/promises";

/** `mainnet` is what protocol 1.x wrote and we read; `berkeley` is what we write. */
export type Era = "mainnet" | "berkeley";

export interface ColumnManifest {
  readonly default: string | null;
  readonly name: string;
  readonly nullable: boolean;
  readonly position: number;
  readonly type: string;
}

export interface KeyManifest {
  readonly columns: readonly string[];
  readonly name: string;
}

export interface ForeignKeyManifest extends KeyManifest {
  readonly deferrable: boolean;
  readonly onDelete: string;
  readonly onUpdate: string;
  readonly refColumns: readonly string[];
  readonly refTable: string;
}

export interface IndexManifest extends KeyManifest {
  readonly method: string;
  readonly predicate: string | null;
  readonly unique: boolean;
}

export interface TableManifest {
  readonly checks: readonly { readonly definition: string; readonly name: string }[];
  readonly columns: readonly ColumnManifest[];
  readonly foreignKeys: readonly ForeignKeyManifest[];
  readonly indexes: readonly IndexManifest[];
  readonly primaryKey: KeyManifest | null;
  readonly unique: readonly KeyManifest[];
}

export interface SequenceManifest {
  readonly dataType: string;
  readonly name: string;
  readonly ownedByColumn: string | null;
  readonly ownedByTable: string | null;
}

/** A schema as data, as a server describes it once the DDL has been run. */
export interface Catalog {
  readonly enums: Readonly<Record<string, readonly string[]>>;
  readonly otherObjectCounts: {
    readonly functions: number;
    readonly triggers: number;
    readonly views: number;
  };
  readonly sequences: readonly SequenceManifest[];
  readonly tables: Readonly<Record<string, TableManifest>>;
}

export interface ArchiveSchema {
  /** Types, sequences and tables, to be run before rows are loaded. */
  readonly tables: string;
  /** Keys and indexes, to be run after. */
  readonly constraints: string;
  readonly manifest: Catalog;
}

export async function readSchema(era: Era): Promise<ArchiveSchema> {
  const read = (file: string) => readFile(new URL(`../${era}/${file}`, import.meta.url), "utf8");
  const [tables, constraints, manifest] = await Promise.all([
    read("tables.sql"),
    read("constraints.sql"),
    read("manifest.json"),
  ]);
  return { tables, constraints, manifest: JSON.parse(manifest) as Catalog };
}
