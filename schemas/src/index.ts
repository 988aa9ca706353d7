// The two archive schemas: the DDL, which is the truth, and the catalog generated from it.

import { readFile } from "node:fs/promises";
import type { Catalog } from "@forklift/postgres";

/** `mainnet` is what protocol 1.x wrote and we read; `berkeley` is what we write. */
export type Era = "mainnet" | "berkeley";

export interface ArchiveSchema {
  /** Types, sequences and tables, to be run before rows are loaded. */
  readonly tables: string;
  /** Keys and indexes, to be run after. */
  readonly constraints: string;
  /** As a server describes the schema once the DDL has been run. */
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
