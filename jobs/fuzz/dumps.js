// The dumps that are mutated: those of one small sample network in the forms that pg_dump gives them.

import { execFileSync } from "node:child_process";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { connect, findPgDump, openScratch, readDumpArchive, restoreDump } from "@forklift/postgres";
import { forkliftProcess } from "../bench/forklift-process.js";

/** Small, so that a restore takes a tenth of a second. */
const SAMPLE = ["--blocks", "24", "--finality", "5", "--accounts", "30", "--days", "1"];

/** What pg_dump is told; the forms of `cases` in the field. */
const FORMS = [
  [],
  ["--create"],
  ["--clean"],
  ["--clean", "--if-exists", "--create"],
  ["--inserts", "--rows-per-insert=20"],
  ["--column-inserts", "--on-conflict-do-nothing"],
  ["--quote-all-identifiers", "--disable-triggers"],
];

/** @returns {Promise<{ name: string, sql: Buffer, rows: string }[]>} */
export async function makeDumps(server, home) {
  const out = path.join(home, "sample");
  await forkliftProcess(["sample", "--out", out, ...SAMPLE]);
  const [name] = await readdir(path.join(out, "dumps"));
  const whole = createReadStream(path.join(out, "dumps", name));
  const chunks = [];
  for await (const chunk of readDumpArchive(whole)) chunks.push(chunk);
  const sql = Buffer.concat(chunks);
  const source = await openScratch(server.url, "origin");
  try {
    const session = await connect(source.url, { applicationName: "forklift fuzz" });
    const { tables } = await restoreDump(session, once(sql));
    await session.close();
    const rows = JSON.stringify(tables);
    return [{ name: "sample", sql, rows }, ...(await otherForms(source.url, rows))];
  } finally {
    await source[Symbol.asyncDispose]();
  }
}

/** None on a machine without pg_dump. */
async function otherForms(url, rows) {
  const program = await findPgDump(0);
  if (program === undefined) return [];
  return FORMS.map((options) => ({
    name: `pg_dump ${options.join(" ")}`,
    sql: execFileSync(program, [...options, "--schema=public", `--dbname=${url}`]),
    rows,
  }));
}

async function* once(bytes) {
  yield bytes;
}
