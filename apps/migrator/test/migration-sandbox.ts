// What the migration's stages work on in a test: the sample network's old archive, its block files, and
// a target as far as some stage has brought it.

import { cp, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { progressMarks } from "@forklift/archive";
import {
  type GenesisLedger,
  loadGenesisLedger,
  loadNetwork,
  type Network,
} from "@forklift/network";
import { runStages, type Stage, type StageReport } from "@forklift/pipeline";
import { connect, type Session } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import {
  lawArchive,
  NO_CRASH,
  openSessions,
  openTestArchives,
  restoredTemplate,
  type Sandbox,
  type TestArchives,
  type TestArchivesOptions,
  type TestTemplate,
  templateOf,
} from "@forklift/testkit";
import type { ArchiveContext } from "../src/context.ts";
import { OWN_FORM } from "../src/form/output-form.ts";
import { completeMigration, migration } from "../src/pipeline.ts";

export interface MigrationSandbox
  extends Sandbox<ArchiveContext>,
    Pick<TestArchives, "changeSource" | "changeTarget" | "targetUrl"> {
  /** Writes something else into the file of that height, in a copy of the block files. */
  changeBlockFile(height: number, text: string): Promise<void>;
}

/** What a run is asked for besides the databases. */
type Asked = Partial<Pick<ArchiveContext, "history" | "requireOrphans" | "load" | "stop" | "warn">>;

interface MigrationOptions extends Asked, TestArchivesOptions {}

/** With a target as the stage of that name has left it; without one, an empty one or the given one. */
export async function openMigration(
  after: string | null,
  { source, target: given, ...asked }: MigrationOptions = {},
): Promise<MigrationSandbox> {
  const { folder } = await lawArchive();
  const target = after === null ? given : await targetAfter(after);
  const archives = await openTestArchives({ ...(source && { source }), ...(target && { target }) });
  return sandboxOf(archives, path.join(folder, "blocks"), asked);
}

function sandboxOf(archives: TestArchives, given: string, asked: Asked = {}): MigrationSandbox {
  let blocks = given;
  let own: string | undefined;
  return {
    changeSource: archives.changeSource,
    changeTarget: archives.changeTarget,
    contents: archives.contents,
    targetUrl: archives.targetUrl,
    async changeBlockFile(height, text) {
      own ??= await mkdtemp(path.join(tmpdir(), "forklift-laws-"));
      if (blocks === given) await cp(given, own, { recursive: true });
      blocks = own;
      const names = await readdir(blocks);
      for (const name of names.filter((it) => it.startsWith(`sample-${height}-`))) {
        await writeFile(path.join(blocks, name), text);
      }
    },
    async open(crash) {
      const { network, genesisLedger } = await sampleNetwork();
      const sessions = await openSessions(archives, crash);
      const sources = await openBlockSources({
        urls: [`${pathToFileURL(blocks).href}/`],
        network: network.name,
        scratchDirectory: tmpdir(),
        threads: 0,
      });
      return {
        context: {
          ...{ source: sessions.source, target: sessions.target, network, genesisLedger },
          ...{ blocks: sources, form: OWN_FORM, warn: () => undefined },
          now: () => performance.now(),
          stop: { forkStateHash: null, stopAtHeight: null },
          ...asked,
        },
        async [Symbol.asyncDispose]() {
          await sources[Symbol.asyncDispose]();
          await sessions[Symbol.asyncDispose]();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      if (own !== undefined) await rm(own, { recursive: true, force: true });
    },
  };
}

/** The stages up to that one, run on the sample. */
export async function targetAfter(id: string): Promise<TestTemplate> {
  const at = migration.findIndex((stage) => stage.id === id);
  const { folder } = await lawArchive();
  return await templateOf(`target-after-${id}`, async (targetUrl) => {
    const archives = await openTestArchives();
    const { sourceUrl } = archives;
    const blocks = path.join(folder, "blocks");
    await using opened = await sandboxOf({ ...archives, sourceUrl, targetUrl }, blocks).open(
      NO_CRASH,
    );
    await runUnwatched(migration.slice(0, at + 1), opened.context);
  });
}

/** What the first night's source had, pending blocks included. */
export async function targetOfFirstNight(): Promise<TestTemplate> {
  const { folder, dumps } = await lawArchive();
  return await templateOf("target-of-first-night", async (targetUrl) => {
    const source = await restoredTemplate(path.join(folder, "dumps", dumps[0]!));
    const { sourceUrl, ...archives } = await openTestArchives({ source });
    const sandbox = sandboxOf({ ...archives, sourceUrl, targetUrl }, path.join(folder, "blocks"), {
      history: "all",
    });
    await using opened = await sandbox.open(NO_CRASH);
    await runUnwatched(completeMigration, opened.context);
  });
}

/** Runs stages on the target of their context, to their end. */
export async function runUnwatched<Context extends { readonly target: Session }>(
  stages: readonly Stage<Context, Session>[],
  context: Context,
): Promise<readonly StageReport[]> {
  const { target } = context;
  return await runStages(stages, {
    context,
    marks: progressMarks(target),
    transaction: (work) => target.transaction(() => work(target)),
    signal: new AbortController().signal,
    now: () => performance.now(),
    observer: SILENT,
  });
}

/** For runs that nobody watches. */
export const SILENT = {
  stageStarted: () => undefined,
  stagePlanned: () => undefined,
  stageProgressed: () => undefined,
  stageEnded: () => undefined,
};

interface SampleNetwork {
  readonly network: Network;
  readonly genesisLedger: GenesisLedger;
}

let loaded: Promise<SampleNetwork> | undefined;

/** Proven once a file: it is only read. */
export async function sampleNetwork(): Promise<SampleNetwork> {
  loaded ??= (async () => {
    const { folder } = await lawArchive();
    const network = await loadNetwork(path.join(folder, "network.yaml"));
    const url = pathToFileURL(path.join(folder, "genesis-ledger.json")).href;
    return { network, genesisLedger: await loadGenesisLedger(network, url) };
  })();
  return await loaded;
}

/** The source with its tables and no row in them. */
export async function emptySource(): Promise<TestTemplate> {
  const { source } = await lawArchive();
  return await templateOf(
    "empty-source",
    async (url) => {
      await using session = await connect(url, { applicationName: "forklift test" });
      await session.query("truncate blocks cascade");
    },
    source,
  );
}
