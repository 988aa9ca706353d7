// A small sample network, its old archive, and a target made from it by the real migration and replay.

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type History, parseStateHash } from "@forklift/chain";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { type BlockSources, openBlockSources, type VerifiedBlock } from "@forklift/precomputed";
import { makeSample } from "@forklift/sample";
import { readSchema } from "@forklift/schemas";
import {
  forkliftJson,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import type { VerifierContext } from "../src/context.ts";

const OPTIONS = {
  blocks: 40,
  days: 1,
  seed: 7,
  finality: 5,
  accounts: 30,
  commandsPerBlock: 4,
} as const;

/** Blocks beside its chain open accounts. */
const SEED_WITH_BRANCHES = 24;

export interface SampleArchive extends AsyncDisposable {
  /** A verification of everything, with all that it can have; both sessions stay open. */
  readonly context: VerifierContext;
  readonly target: TestDatabase;
  readonly tipHeight: bigint;
  /** The precomputed blocks, as files. */
  readonly blocksFolder: string;
  /** Migrates and replays what is new in the source, or was left out. @param history which blocks the target is to hold then. */
  goOn(history?: History): Promise<void>;
}

export interface SampleOptions {
  /** Which blocks the target is to hold; default: those of the chain. */
  readonly history?: History;
  /** Of the migration; default: the highest canonical block. */
  readonly stopAtHeight?: number;
}

export async function openSampleArchive({
  history = "canonical",
  stopAtHeight,
}: SampleOptions = {}): Promise<SampleArchive> {
  const home = await mkdtemp(path.join(tmpdir(), "forklift-verifier-"));
  const folder = path.join(home, "sample");
  const seed = history === "canonical" ? OPTIONS.seed : SEED_WITH_BRANCHES;
  const { dumps } = await makeSample({ ...OPTIONS, seed }, folder);
  const sourceDatabase = await openTestDatabase();
  const targetDatabase = await openTestDatabase();
  const places = [
    ...["--genesis-ledger", `file://${folder}/genesis-ledger.json`],
    ...["--network", path.join(folder, "network.yaml"), "--target-db", targetDatabase.url],
  ];
  await forkliftJson([
    "restore",
    "--dump",
    `${folder}/dumps/${dumps[0]}`,
    "--db",
    sourceDatabase.url,
  ]);
  const blocksFolder = path.join(folder, "blocks");
  const lift = async (which: History, stop: readonly string[] = []) => {
    const databases = [...places, "--source-db", sourceDatabase.url];
    const blocks = ["--blocks", blocksFolder, "--history", which];
    await forkliftJson(["migrate", ...databases, ...blocks, ...stop]);
    const kept = ["--checkpoints", home, "--checkpoint-interval", "1000"];
    await forkliftJson(["replay", ...places, ...kept]);
  };
  const stop = stopAtHeight === undefined ? [] : ["--stop-at-height", String(stopAtHeight)];
  await lift(history, stop);

  const network = await loadNetwork(path.join(folder, "network.yaml"));
  const sources = await openBlockSources({
    urls: [blocksFolder],
    network: network.name,
    scratchDirectory: home,
  });
  const source = await openTestSession(sourceDatabase);
  const target = await openTestSession(targetDatabase);
  const [tip] = await target.query<{ height: string; state_hash: string }>(
    "select height, state_hash from blocks where chain_status = 'canonical' order by height desc limit 1",
  );
  const tipHeight = BigInt(tip!.height);
  return {
    context: {
      source,
      target,
      schema: (await readSchema("berkeley")).manifest,
      network,
      genesisLedger: await loadGenesisLedger(network, `file://${folder}/genesis-ledger.json`),
      blocks: remembered(sources),
      anchor: {
        height: tipHeight,
        stateHash: parseStateHash(tip!.state_hash),
        vouchedBy: "operator",
      },
      forkGenesisConfigUrl: await writeForkConfiguration(home),
      proven: null,
    },
    target: targetDatabase,
    tipHeight,
    blocksFolder,
    goOn: (which = history) => lift(which),
    async [Symbol.asyncDispose]() {
      await source.close();
      await target.close();
      await sources[Symbol.asyncDispose]();
      await sourceDatabase[Symbol.asyncDispose]();
      await targetDatabase[Symbol.asyncDispose]();
      await rm(home, { recursive: true });
    },
  };
}

/** The Berkeley ledger hash is that of the replay's own checkpoint: other code than the verifier's. */
async function writeForkConfiguration(home: string): Promise<string> {
  const names = await readdir(home);
  const meta = names.find((name) => name.endsWith(".meta.json"));
  const head = JSON.parse(await readFile(path.join(home, meta!), "utf8"));
  const file = path.join(home, "fork-config.json");
  await writeFile(file, JSON.stringify({ ledger: { hash: head.berkeley_ledger_hash } }));
  return `file://${file}`;
}

/** The blocks of the folder, each verified once though hundreds of verifications read it. */
function remembered(sources: BlockSources): BlockSources {
  const known = new Map<string, Promise<VerifiedBlock>>();
  const fetch: BlockSources["fetch"] = (id) => {
    const key = [id.stateHash, id.height, id.checksSignatures, id.agree].join(" ");
    const block = known.get(key) ?? sources.fetch(id);
    known.set(key, block);
    return block;
  };
  const genesis = new Map<string, ReturnType<BlockSources["tryFetch"]>>();
  return {
    ...sources,
    fetch,
    tryFetch(id) {
      const block = genesis.get(id.stateHash) ?? sources.tryFetch(id);
      genesis.set(id.stateHash, block);
      return block;
    },
    async *fetchAll(ids) {
      for await (const id of ids) yield await fetch(id);
    },
  };
}
