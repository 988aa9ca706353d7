// The server that mutated dumps are tried on, and the question what one of them did.

import { chmod, mkdir, readdir } from "node:fs/promises";
import path from "node:path";
import { ForkliftError } from "@forklift/pipeline";
import {
  connect,
  connectRestorer,
  openScratch,
  readDumpArchive,
  restoreDump,
  startServer,
} from "@forklift/postgres";
import {
  foreignObjects,
  makeCanary,
  serverFingerprint,
} from "../../packages/testkit/dist/server-fingerprint.js";

/** A restore of these dumps takes a tenth of a second. */
const HANG_MS = 60_000;

const APPLICATION = { applicationName: "forklift fuzz" };

export async function openTarget(home) {
  const files = path.join(home, "files");
  await mkdir(files);
  // The server's user is another one, and is to succeed if a dump makes it write.
  await chmod(home, 0o755);
  await chmod(files, 0o777);
  const server = await startServer({ binaries: "auto" });
  const beside = await openScratch(server.url, "victim");
  const canary = await makeCanary(server.url, beside.name);
  await canary.query("create role canary_role login");
  let scratch = null;
  let isFilled = false;

  const fingerprint = async () =>
    JSON.stringify([await serverFingerprint(canary, [scratch.name]), await readdir(files)]);

  async function tryDump(sql, { asSuperuser, rows }) {
    await openEmpty();
    const session = await (asSuperuser
      ? connect(scratch.url, APPLICATION)
      : connectRestorer(scratch.url));
    try {
      const before = await fingerprint();
      const start = performance.now();
      const { outcome, fault } = await outcomeOf(session, sql, rows);
      const elapsedMs = performance.now() - start;
      const after = await fingerprint();
      const foreign = await foreignObjects(session);
      const faults = [
        fault,
        after === before ? null : `changed the server: ${before} → ${after}`,
        foreign.length === 0 ? null : `made ${foreign.join(", ")}`,
        elapsedMs < HANG_MS ? null : "did not end",
      ];
      if (outcome === "restored") isFilled = true;
      return { outcome, elapsedMs, fault: faults.find((each) => each !== null) ?? null };
    } finally {
      await session.close();
    }
  }

  /** What a dump has filled is of no further use. */
  async function openEmpty() {
    if (scratch !== null && !isFilled) return;
    await scratch?.[Symbol.asyncDispose]();
    scratch = await openScratch(server.url, "fuzz");
    isFilled = false;
  }

  async function outcomeOf(session, sql, rows) {
    try {
      const signal = AbortSignal.timeout(HANG_MS);
      const { tables } = await restoreDump(session, readDumpArchive(once(sql)), { signal });
      const hasOthers = rows !== null && JSON.stringify(tables) !== rows;
      return { outcome: "restored", fault: hasOthers ? `took ${JSON.stringify(tables)}` : null };
    } catch (error) {
      if (!(error instanceof ForkliftError)) return { outcome: "bug", fault: String(error.stack) };
      const [left] = await session.query(
        `select count(*)::int as count from pg_class where relnamespace = 'public'::regnamespace`,
      );
      const fault = left.count === 0 ? null : `left ${left.count} relations after ${error.message}`;
      return { outcome: error.exit, fault };
    }
  }

  return {
    server,
    files,
    tryDump,
    async close() {
      await canary.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

async function* once(bytes) {
  yield bytes;
}
