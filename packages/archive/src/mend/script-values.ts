// The values of a mending script: nothing that is not plain text or a number goes into one.

import { quoteLiteral } from "@forklift/postgres";

/** Where a key is there twice, the first of its rows. */
export function keyId(key: string): string {
  return `(select min(id) from public_keys where value = ${literal(key)})`;
}

export function keyInserted(key: string): string {
  return valueInserted("public_keys", key);
}

export function valueInserted(
  table: "public_keys" | "snarked_ledger_hashes",
  value: string,
): string {
  return (
    `insert into ${table} (value) select ${literal(value)} ` +
    `where not exists (select from ${table} where value = ${literal(value)});`
  );
}

/** No hash, key, memo or status of a verified file has another character. */
const PLAIN_TEXT = /^[\x20-\x5b\x5d-\x7e]*$/;

/** @throws Error for what is no value of a verified file: nothing else goes into a script. */
export function literal(text: string): string {
  if (!PLAIN_TEXT.test(text)) throw new Error("a value of a script is not plain text");
  return quoteLiteral(text);
}

export function whole(id: string): string {
  if (!/^[0-9]+$/.test(id)) throw new Error("an id of a script is no number");
  return id;
}
