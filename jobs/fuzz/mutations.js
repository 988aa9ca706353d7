// What is done to a dump: bits are flipped, it is cut, pieces of it change places, and statements of every
// kind are put into it, in disguise.

import { gzipSync } from "node:zlib";
import { STATEMENT_KINDS } from "../../packages/testkit/dist/statement-kinds.js";

const END = "--\n-- PostgreSQL database dump complete\n--\n";

/** Of what no dump may do; an added statement that runs would change what is compared. */
const STATEMENTS = Object.values(STATEMENT_KINDS)
  .flat()
  .filter(([kind]) => kind !== "runs")
  .map(([, sql]) => sql);

/** Whatever of them ran would leave a file, and the server's user may write there. */
const writers = (files) => [
  `COPY public.blocks TO '${files}/copy'`,
  `COPY (SELECT 1) TO PROGRAM 'touch ${files}/program'`,
  `COPY public.blocks FROM PROGRAM 'touch ${files}/from; echo x'`,
  `SELECT pg_catalog.lo_export(1, '${files}/large')`,
  `CREATE TABLESPACE t LOCATION '${files}'`,
  `CREATE TABLE public.x (a text DEFAULT pg_catalog.pg_read_file('${files}'))`,
  `DO $$ begin execute 'copy (select 1) to ''${files}/do'''; end $$`,
];

const DISGUISES = [
  (sql) => `${sql};`,
  (sql) => `/**/ ${sql} ;`,
  (sql) => `/* ' */ ${sql}; -- '`,
  (sql) =>
    `SET standard_conforming_strings = off;\nCOMMENT ON TABLE public.x IS 'a\\'; ${sql}; --';`,
  (sql) => `COMMENT ON TABLE public.x IS 'a\\'; ${sql}; --';`,
  (sql) => `COMMENT ON TABLE public.x IS $a$ $b$; ${sql}; $a$; ${sql};`,
  (sql) => `BEGIN;\n${sql};\nCOMMIT;`,
  (sql) => `COMMIT;\n${sql};\nBEGIN;`,
  (sql) =>
    `CREATE FUNCTION public.f() RETURNS void LANGUAGE sql BEGIN ATOMIC SELECT 1; END; ${sql};`,
  (sql) => `CREATE RULE r AS ON INSERT TO public.x DO (${sql}; ${sql});`,
  (sql) => `SELECT 1\\; ${sql} \\gexec`,
  (sql) => `\\! ${sql}`,
  (sql) => `${sql.toLowerCase()};`,
  (sql) => `${sql.replaceAll(" ", "\v\f\r\n")};`,
  (sql) => `E'\\'; ${sql}; --';`,
  (sql) => `GRANT ALL ON TABLE public."a;b" TO x; ${sql};`,
];

/**
 * @returns {{ name: string, mutation: string, sql: Buffer, rows: string | null }} with the rows that a
 * restore must have if it ends well; null where the mutation may have changed some.
 */
export function mutate(random, { name, sql, rows }, files) {
  const mutation = random.pick(["bits", "cut", "cut and ended", "moved", "statements", "packed"]);
  switch (mutation) {
    case "bits":
      return { name, mutation, sql: withFlippedBits(random, sql), rows: null };
    case "packed":
      return { name, mutation, sql: withFlippedBits(random, gzipSync(sql)), rows: null };
    case "cut":
      return { name, mutation, sql: sql.subarray(0, random.below(sql.length)), rows: null };
    case "cut and ended": {
      const cut = sql.subarray(0, random.below(sql.length));
      return { name, mutation, sql: Buffer.concat([cut, Buffer.from(`\n${END}`)]), rows: null };
    }
    case "moved":
      return { name, mutation, sql: moved(random, sql), rows: null };
    default: {
      const added = Array.from({ length: 1 + random.below(3) }, () =>
        random.pick(DISGUISES)(random.pick([...STATEMENTS, ...writers(files)])),
      );
      return {
        name,
        mutation: `statements: ${added.join(" || ")}`,
        sql: withStatements(random, sql, added),
        rows,
      };
    }
  }
}

function withFlippedBits(random, sql) {
  const bytes = Buffer.from(sql);
  for (let count = 1 + random.below(12); count > 0; count--) {
    const at = random.below(bytes.length);
    bytes[at] ^= 1 << random.below(8);
  }
  return bytes;
}

/** A piece of the dump stands somewhere else as well. */
function moved(random, sql) {
  const from = random.below(sql.length);
  const piece = sql.subarray(from, from + 1 + random.below(2000));
  const at = random.below(sql.length);
  return Buffer.concat([sql.subarray(0, at), piece, sql.subarray(at)]);
}

/** Between two statements, never among the rows of a COPY. */
function withStatements(random, sql, added) {
  const text = sql.toString();
  const places = [...text.matchAll(/;\n\n\n?(?=--|SET|INSERT|ALTER|DROP|CREATE)/g)].map(
    ({ index, 0: found }) => index + found.length,
  );
  const at = random.pick(places);
  return Buffer.from(`${text.slice(0, at)}${added.join("\n")}\n${text.slice(at)}`);
}
