// What the stages of a migration without an archive work on in a test: the sample network's block files, and a
// target as far as some stage has brought it.

import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { parseStateHash } from "@forklift/chain";
import { connect } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import {
  type CrashPoints,
  lawArchive,
  NO_CRASH,
  openSessions,
  openTestArchives,
  type Sandbox,
  type TestArchives,
  templateOf,
} from "@forklift/testkit";
import type { MigratorContext } from "../../src/context.ts";
import { OWN_FORM } from "../../src/form/output-form.ts";
import { migrationFromBlocks } from "../../src/pipeline.ts";
import { runUnwatched, sampleNetwork } from "../migration-sandbox.ts";

export interface FilesSandbox extends Sandbox<MigratorContext>, Pick<TestArchives, "changeTarget"> {
  /** Writes something else into every file of that height, in a copy of the block files. */
  changeBlockFile(height: number, text: string): Promise<void>;
  removeBlockFiles(height: number): Promise<void>;
  /** The chain is to end elsewhere. */
  endIn(stateHash: string): void;
}

/** With a target as the stage of that name has left it. */
export async function openFiles(after: string | null): Promise<FilesSandbox> {
  const target = after === null ? null : await templateOf(`from-files-after-${after}`, fill(after));
  const archives = await openTestArchives(target === null ? {} : { target });
  return await sandboxOf(archives);
}

/** The canonical tip of the last night. */
async function tipOfSample(): Promise<{
  readonly height: string;
  readonly stateHash: string;
}> {
  return await canonicalBlock("order by height desc limit 1");
}

/** Of a chain that ends in its genesis block, for which no file is read. */
export async function openFilesOfGenesis(): Promise<FilesSandbox> {
  const sandbox = await openFiles("create-schema");
  sandbox.endIn((await canonicalBlock("and height = 1")).stateHash);
  return sandbox;
}

export async function canonicalBlock(which: string) {
  const { sourceUrl } = await openTestArchives();
  await using source = await connect(sourceUrl, { applicationName: "test", readOnly: true });
  const [row] = await source.query<{ height: string; stateHash: string }>(
    `select height, state_hash as "stateHash" from blocks where chain_status = 'canonical' ${which}`,
  );
  return row!;
}

function fill(after: string) {
  const at = migrationFromBlocks.findIndex(({ id }) => id === after);
  return async (targetUrl: string) => {
    const archives = await openTestArchives();
    const sandbox = await sandboxOf({ ...archives, sourceUrl: archives.sourceUrl, targetUrl });
    await using opened = await sandbox.open(NO_CRASH);
    await runUnwatched(migrationFromBlocks.slice(0, at + 1), opened.context);
  };
}

async function sandboxOf(archives: TestArchives): Promise<FilesSandbox> {
  const { folder } = await lawArchive();
  let tip = parseStateHash((await tipOfSample()).stateHash);
  const given = path.join(folder, "blocks");
  let blocks = given;
  const ownFiles = async (height: number) => {
    if (blocks === given) {
      blocks = await mkdtemp(path.join(tmpdir(), "forklift-files-"));
      await cp(given, blocks, { recursive: true });
    }
    const names = await readdir(blocks);
    return names
      .filter((name) => name.startsWith(`sample-${height}-`))
      .map((name) => path.join(blocks, name));
  };
  return {
    changeTarget: archives.changeTarget,
    contents: async () => (await archives.contents())["target"],
    async changeBlockFile(height, text) {
      for (const file of await ownFiles(height)) await writeFile(file, text);
    },
    async removeBlockFiles(height) {
      for (const file of await ownFiles(height)) await rm(file);
    },
    endIn: (stateHash) => {
      tip = parseStateHash(stateHash);
    },
    open: (crash) => openContext(archives, { blocks, tip, crash }),
    async [Symbol.asyncDispose]() {
      if (blocks !== given) await rm(blocks, { recursive: true, force: true });
    },
  };
}

interface Opening {
  readonly blocks: string;
  readonly tip: ReturnType<typeof parseStateHash>;
  readonly crash: CrashPoints;
}

async function openContext(archives: TestArchives, { blocks, tip, crash }: Opening) {
  const { network, genesisLedger } = await sampleNetwork();
  const sessions = await openSessions(archives, crash);
  const targetReader = await connect(archives.targetUrl, {
    applicationName: "forklift test",
    readOnly: true,
  });
  const sources = await openBlockSources({
    urls: [`${pathToFileURL(blocks).href}/`],
    network: network.name,
    scratchDirectory: tmpdir(),
    threads: 0,
  });
  const context: MigratorContext = {
    ...{ source: null, target: sessions.target, targetReader, network, genesisLedger },
    ...{ blocks: sources, form: OWN_FORM, warn: () => undefined },
    now: () => performance.now(),
    stop: { forkStateHash: tip, stopAtHeight: null },
  };
  return {
    context,
    async [Symbol.asyncDispose]() {
      await sources[Symbol.asyncDispose]();
      await targetReader.close();
      await sessions[Symbol.asyncDispose]();
    },
  };
}
