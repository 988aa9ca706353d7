// The two archive schemas: the DDL, which is the truth, and the catalog generated from it.

import { readFile } from "node:fs/promises";
import type { Catalog } from "@forklift/postgres";

/** `mainnet` is what protocol 1.x wrote and we read; `berkeley` is what we write. */
export type Era = "mainnet" | "berkeley";

export interface ArchiveSchema {
  /** Types, sequences and tables. */
  readonly tables: string;
  /** Primary keys and unique columns, by which a loader finds rows that are there already. */
  readonly keys: string;
  /** Indexes and foreign keys, which rest on the keys and only slow a loader down. */
  readonly indexes: string;
  /** Keys, then indexes. */
  readonly constraints: string;
  /** As a server describes the schema once the DDL has been run. */
  readonly manifest: Catalog;
}

export async function readSchema(era: Era): Promise<ArchiveSchema> {
  const read = (file: string) => readFile(new URL(`../${era}/${file}`, import.meta.url), "utf8");
  const [tables, keys, indexes, manifest] = await Promise.all([
    read("tables.sql"),
    read("keys.sql"),
    read("indexes.sql"),
    read("manifest.json"),
  ]);
  const constraints = `${keys}\n${indexes}`;
  return { tables, keys, indexes, constraints, manifest: JSON.parse(manifest) as Catalog };
}
