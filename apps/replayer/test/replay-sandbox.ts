// What the replay's stages work on in a test: the sample network's chain, migrated, and a folder of
// checkpoints, each of the law's own.

import { createHash } from "node:crypto";
import { cp, mkdir, mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { loadNetwork } from "@forklift/network";
import { connect } from "@forklift/postgres";
import { openStore } from "@forklift/storage";
import {
  NO_CRASH,
  oncePerRun,
  openSessions,
  openTestArchives,
  type Sandbox,
  type TestArchives,
  type TestTemplate,
} from "@forklift/testkit";
import { runUnwatched, sampleNetwork, targetAfter } from "../../migrator/test/migration-sandbox.ts";
import { readMetaHead } from "../src/checkpoint/read-meta.ts";
import type { ReplayerContext } from "../src/context.ts";
import { replayCommands } from "../src/stages/replay-commands.ts";
import { databaseName, openForkedArchive } from "./branches/forked-archive.ts";

export interface ReplaySandbox
  extends Sandbox<ReplayerContext>,
    Pick<TestArchives, "changeTarget"> {
  /** A path in the folder of the checkpoints. */
  file(name: string): string;
}

export interface ReplaySandboxOptions {
  /** With a target as the migration's stage of that name has left it. */
  readonly after: string;
  readonly more?: Partial<ReplayerContext>;
}

export async function openReplay({ after, more }: ReplaySandboxOptions): Promise<ReplaySandbox> {
  const archives = await openTestArchives({ target: await targetAfter(after) });
  return sandboxOf(archives, await mkdtemp(path.join(tmpdir(), "forklift-laws-")), more);
}

/** With a target that has been replayed, and its checkpoints. */
export async function openReplayed(more: Partial<ReplayerContext>): Promise<ReplaySandbox> {
  const { target, folder } = await replayed();
  const own = await mkdtemp(path.join(tmpdir(), "forklift-laws-"));
  await cp(folder, own, { recursive: true });
  return sandboxOf(await openTestArchives({ target }), own, more);
}

/** With a target that has blocks beside its chain, which alone is replayed, and the checkpoints of that. */
export async function openBesideChain(): Promise<ReplaySandbox> {
  const { source, target, sample, checkpoints } = await besideChain();
  const own = await mkdtemp(path.join(tmpdir(), "forklift-laws-"));
  await cp(checkpoints, own, { recursive: true });
  const network = await loadNetwork(path.join(sample, "network.yaml"));
  return sandboxOf(await openTestArchives({ source, target }), own, {
    network,
    genesisLedger: null,
  });
}

/** Below the tip are more fork points than a batch takes, and above it a branch with forks. */
async function besideChain() {
  return await oncePerRun("target-beside-chain", async (home) => {
    const archive = await openForkedArchive(50, {
      ...{ accounts: 30, commandsPerBlock: 1 },
      forkLength: (height) => (height % 2 === 0 ? 4 : 0),
    });
    const tip = archive.mainAt(34).stateHash;
    const target = await archive.migrated(tip);
    const checkpoints = path.join(home, "checkpoints");
    await mkdir(checkpoints);
    await archive.replay(target, { folder: checkpoints });
    const chain = new Set(archive.chainOf(tip));
    await archive.addBranches(
      target,
      archive.blocks.filter((block) => !chain.has(block)),
    );
    await archive.closeReader();
    return {
      ...{
        source: { name: databaseName(archive.url) },
        target: { name: target.name },
        checkpoints,
      },
      sample: archive.folder,
    };
  });
}

function sandboxOf(
  archives: Pick<TestArchives, "sourceUrl" | "targetUrl" | "changeTarget" | "contents">,
  folder: string,
  more: Partial<ReplayerContext> = {},
): ReplaySandbox {
  return {
    changeTarget: archives.changeTarget,
    file: (name) => path.join(folder, name),
    contents: async () => ({
      ...(await archives.contents()),
      newest: await newestCheckpoint(folder),
    }),
    async open(crash) {
      const { network, genesisLedger } = await sampleNetwork();
      const sessions = await openSessions(archives, crash);
      const targetReader = await connect(await crash.database(archives.targetUrl), {
        applicationName: "forklift test",
        readOnly: true,
      });
      const store = openStore(`${pathToFileURL(folder).href}/`);
      return {
        context: {
          ...{ target: sessions.target, targetReader, balances: sessions.source, network },
          ...{ genesisLedger, checkpointUrl: null, threads: 1 },
          stop: { forkStateHash: null, stopAtHeight: null },
          checkpoints: crash.store(store, ["write", "replace", "remove"]),
          checkpointIntervalBlocks: 1_000n,
          blocksPerLedgerHash: 1,
          checkpointIntervalMs: 600_000,
          now: () => performance.now(),
          warn: () => undefined,
          ...more,
        },
        async [Symbol.asyncDispose]() {
          await targetReader.close();
          await sessions[Symbol.asyncDispose]();
        },
      };
    },
    // Small files, which go with the folder for temporary ones; the databases, with the server.
    async [Symbol.asyncDispose]() {},
  };
}

/** A run that is stopped leaves one on the way besides: it only spares time. */
async function newestCheckpoint(folder: string): Promise<Record<string, string>> {
  const names = await readdir(folder);
  const slots = names.map(slotOf).filter((slot) => !Number.isNaN(slot));
  const newest = Math.max(...slots);
  const digests = names
    .filter((name) => slotOf(name) === newest)
    .map(async (name): Promise<[string, string]> => {
      const bytes = await readFile(path.join(folder, name));
      return [name, createHash("sha256").update(bytes).digest("hex")];
    });
  return Object.fromEntries(await Promise.all(digests));
}

function slotOf(name: string): number {
  return Number(/-checkpoint-(\d+)\./.exec(name)?.[1]);
}

export interface Replayed {
  readonly target: TestTemplate;
  readonly folder: string;
  /** The name of the last checkpoint. */
  readonly checkpoint: string;
  /** As a network would publish it after the fork. */
  readonly forkConfig: string;
}

/** The whole sample, replayed once a run. */
export async function replayed(): Promise<Replayed> {
  return await oncePerRun("target-after-replay", async (home) => {
    const folder = path.join(home, "checkpoints");
    await mkdir(folder);
    const archives = await openTestArchives({ target: await targetAfter(LAST_OF_MIGRATION) });
    {
      await using opened = await sandboxOf(archives, folder).open(NO_CRASH);
      await runUnwatched([replayCommands], opened.context);
    }
    const checkpoint = Object.keys(await newestCheckpoint(folder)).find(
      (name) => !name.includes("meta"),
    )!;
    const store = openStore(`${pathToFileURL(folder).href}/`);
    const { stateHash, height, berkeleyLedgerHash } = (await readMetaHead({
      store,
      name: checkpoint,
    }))!;
    const forkConfig = path.join(home, "fork-config.json");
    const fork = { state_hash: stateHash, blockchain_length: Number(height) };
    const config = { ledger: { hash: berkeleyLedgerHash }, proof: { fork } };
    await writeFile(forkConfig, JSON.stringify(config));
    return { target: { name: databaseName(archives.targetUrl) }, folder, checkpoint, forkConfig };
  });
}

export const LAST_OF_MIGRATION = "write-genesis-accounts";
