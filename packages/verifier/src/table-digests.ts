// One hash for each table that depends neither on the order of its rows nor on their serial ids.

import { hash } from "node:crypto";
import { type Session, snapshot } from "@forklift/postgres";
import { DIGESTED_ROWS } from "./digested-rows.ts";
import { type AgeRange, FILLED_TABLES, type FilledTable, whereAge } from "./tables.ts";

/** Two to the power of the bits that SHA-256 has. */
const MODULUS = 2n ** 256n;

const HEX_DIGITS = 64;

export type TableDigests = Readonly<Record<string, string>>;

/** The digest of every filled table, by name, as they all stand at one moment. */
export async function digestTables(session: Session): Promise<Record<string, string>> {
  return await snapshot(session, async () => {
    const digests: Record<string, string> = {};
    for (const table of FILLED_TABLES) digests[table] = await digestTable(session, table);
    return digests;
  });
}

/**
 * Each row is hashed as a line of COPY text, and the hashes are added. A sum, unlike an exclusive or,
 * also notices a row that is there twice; and the digest of more rows is that of the others plus that
 * of the new ones.
 */
export async function digestTable(
  session: Session,
  table: FilledTable,
  range: AgeRange = {},
): Promise<string> {
  let sum = 0n;
  for await (const line of session.copyLines(`${DIGESTED_ROWS[table]} ${whereAge(table, range)}`)) {
    sum += BigInt(`0x${hash("sha256", line, "hex")}`);
  }
  return digestText(sum);
}

/** The digest of the rows of both. */
export function sumOfDigests(left: string, right: string): string {
  return digestText(BigInt(`0x${left}`) + BigInt(`0x${right}`));
}

/** The digest of the rows of the first without those of the second, which are among them. */
export function digestWithout(all: string, some: string): string {
  return digestText(BigInt(`0x${all}`) + MODULUS - BigInt(`0x${some}`));
}

function digestText(sum: bigint): string {
  return (sum % MODULUS).toString(16).padStart(HEX_DIGITS, "0");
}
