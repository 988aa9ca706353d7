// A real source archive, and a target made from it by the real migration and replay.

import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { progressMarks } from "@forklift/archive";
import { migration, OWN_FORM } from "@forklift/migrator";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { runStages } from "@forklift/pipeline";
import {
  connect,
  createDatabase,
  readDumpArchive,
  restoreDump,
  type Session,
  startServer,
  urlWithDatabase,
} from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import { replay } from "@forklift/replayer";
import { openObject, openStore } from "@forklift/storage";
import type { VerifierWorld } from "../src/world.ts";

const SHARED =
  process.env["FORKLIFT_SHARED"] ?? path.resolve(import.meta.dirname, "../../../../shared");
const MAINNET = path.join(SHARED, "data/mainnet");

/** Skipped on a machine without the data; in CI the data must be there. */
export const isMissing = !existsSync(MAINNET) && process.env["CI"] === undefined;

/** Low, for speed; up to here there are failed commands, delegations and created accounts too. */
export const TIP_HEIGHT = 130n;

export interface Mainnet extends AsyncDisposable {
  /** A verification from genesis of a copy of the target, in which the statements have been run. */
  world(sql: string): Promise<VerifierWorld>;
}

export async function openMainnet(): Promise<Mainnet> {
  const scratch = await mkdtemp(path.join(tmpdir(), "forklift-verifier-"));
  const server = await startServer({ binaries: "auto" });
  const sessions: Session[] = [];
  const open = async (database: string, options: { readOnly?: boolean } = {}) => {
    const url = urlWithDatabase(server.url, database);
    const session = await connect(url, { applicationName: "verifier test", ...options });
    sessions.push(session);
    return session;
  };

  await createDatabase(server.url, "source");
  await createDatabase(server.url, "target");
  await restoreSource(await open("source"));
  const network = await loadNetwork("mainnet");
  const ledgerFile = pathToFileURL(path.join(MAINNET, "genesis-ledger.json"));
  const genesisLedger = await loadGenesisLedger(network, ledgerFile.href);
  const blocks = await openBlockSources({
    urls: [path.join(MAINNET, "precomputed-blocks-2-2025.tar.gz")],
    network: network.name,
    scratchDirectory: scratch,
  });
  const source = await open("source", { readOnly: true });
  const target = await open("target");
  const shared = { source, network, genesisLedger, blocks };
  await migrateAndReplay({ ...shared, target }, scratch);
  // A database can be copied only while no session stands in it.
  await target.close();

  let copies = 0;
  return {
    async world(sql) {
      const name = `copy_${++copies}`;
      const admin = await open("postgres");
      await admin.query(`create database ${name} template target`);
      await admin.close();
      const copy = await open(name);
      await copy.query(sql);
      return { ...shared, target: copy, provenHeight: 0n };
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session.close();
      await blocks[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await rm(scratch, { recursive: true });
    },
  };
}

async function restoreSource(session: Session): Promise<void> {
  const dump = path.join(MAINNET, "dumps/mainnet-archive-dump-2021-03-20_0000.sql.tar.gz");
  const { stream } = await openObject(pathToFileURL(dump).href);
  await restoreDump(session, readDumpArchive(stream));
  await session.close();
}

async function migrateAndReplay(
  world: Omit<VerifierWorld, "provenHeight">,
  scratch: string,
): Promise<void> {
  const { target } = world;
  const context = {
    marks: progressMarks(target),
    signal: new AbortController().signal,
    observer: {
      stageStarted: () => undefined,
      stagePlanned: () => undefined,
      stageProgressed: () => undefined,
      stageEnded: () => undefined,
    },
    transaction: <Result>(work: (tx: Session) => Promise<Result>) =>
      target.transaction(() => work(target)),
    now: () => performance.now(),
  };
  const stop = { forkStateHash: null, stopAtHeight: TIP_HEIGHT };
  const migrated = { ...world, stop, form: OWN_FORM, warn: () => undefined };
  await runStages(migration, { ...context, world: migrated });
  const replaying = {
    ...world,
    checkpointUrl: null,
    checkpoints: openStore(pathToFileURL(scratch).href),
    checkpointIntervalBlocks: 1_000_000n,
    checkpointIntervalMs: Number.MAX_SAFE_INTEGER,
    now: context.now,
    warn: () => undefined,
  };
  await runStages(replay, { ...context, world: replaying });
}
