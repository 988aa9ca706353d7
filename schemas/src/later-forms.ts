// The forms in which archives stand today that have gone on after Berkeley: what the upgrades to Mesa make
// of our schema. Each form is the one before it with some DDL more.

import { readFile } from "node:fs/promises";
import type { Catalog } from "@forklift/postgres";
import { readSchema } from "./read-schema.ts";

/** Names of files in the folder `mesa`, each upgrade on top of the one before. */
export const MESA_FORMS = ["0.0.5", "documented", "0.0.6"] as const;
export type MesaForm = (typeof MESA_FORMS)[number];

/** What an upgrade changes in a catalog, by what it adds and what it puts in the place of something. */
export type CatalogChange = Pick<Catalog, "enums" | "otherObjectCounts" | "tables">;

export interface LaterSchema {
  readonly form: MesaForm;
  /** As a server describes the schema once Berkeley's DDL and the upgrades up to this one have been run. */
  readonly manifest: Catalog;
}

export async function readMesaSchemas(): Promise<readonly LaterSchema[]> {
  let { manifest } = await readSchema("berkeley");
  const schemas: LaterSchema[] = [];
  for (const form of MESA_FORMS) {
    const text = await readFile(new URL(`../mesa/${form}.json`, import.meta.url), "utf8");
    const change = JSON.parse(text) as CatalogChange;
    manifest = {
      ...manifest,
      enums: { ...manifest.enums, ...change.enums },
      otherObjectCounts: change.otherObjectCounts,
      tables: { ...manifest.tables, ...change.tables },
    };
    schemas.push({ form, manifest });
  }
  return schemas;
}
