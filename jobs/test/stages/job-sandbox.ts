// What the stages of a job work on in a test: the sample's archive, a target that is empty or replayed,
// a store and a work folder of the law's own.

import { createHash } from "node:crypto";
import { appendFile, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { OWN_FORM } from "@forklift/migrator";
import { runStages } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import { publishedSets, type SetFile, setInput } from "@forklift/sets";
import { digestOf, openStore } from "@forklift/storage";
import {
  lawArchive,
  NO_CRASH,
  oncePerRun,
  openSessions,
  openTestArchives,
  projectionOf,
  type Sandbox,
  type TestArchives,
  type TestTemplate,
} from "@forklift/testkit";
import { SILENT, sampleNetwork } from "../../../apps/migrator/test/migration-sandbox.ts";
import { replayed } from "../../../apps/replayer/test/replay-sandbox.ts";
import type { JobContext } from "../../src/context/job-context.ts";
import { publishSet } from "../../src/stages/publish-set.ts";
import { WALK_ROOT } from "../../src/stages/rooted-marks.ts";
import { verifyTarget } from "../../src/stages/verify-target.ts";
import { walkMarksIn } from "../../src/work/walk-marks.ts";

export interface JobSandbox
  extends Sandbox<JobContext>,
    Pick<TestArchives, "changeSource" | "changeTarget" | "targetUrl"> {
  readonly home: string;
  /** The paths of the store's files whose names match. */
  stored(name: RegExp): Promise<string[]>;
}

export interface JobSandboxOptions {
  readonly source?: TestTemplate;
  readonly target?: TestTemplate;
  /** Folders `store` and `work` to begin with. */
  readonly from?: string;
  readonly more?: Partial<JobContext>;
}

const WRITING = ["write", "replace", "compose", "remove"] as const;

export async function openJob(options: JobSandboxOptions = {}): Promise<JobSandbox> {
  const { from, more } = options;
  const archives = await openTestArchives(options);
  const home = await mkdtemp(path.join(tmpdir(), "forklift-laws-"));
  const [store, work] = [path.join(home, "store"), path.join(home, "work")];
  if (from !== undefined) await cp(from, home, { recursive: true });
  await mkdir(store, { recursive: true });
  await mkdir(path.join(work, "checkpoints"), { recursive: true });
  return {
    ...{ home, targetUrl: archives.targetUrl },
    changeSource: archives.changeSource,
    changeTarget: archives.changeTarget,
    contents: async () => ({
      ...withoutMarks(await archives.contents()),
      marks: await comparableMarks(archives.targetUrl),
      store: await comparableFiles(store),
    }),
    async stored(name) {
      return (await readdir(store)).filter((it) => name.test(it)).map((it) => path.join(store, it));
    },
    async open(crash) {
      const { folder } = await lawArchive();
      const { network, genesisLedger } = await sampleNetwork();
      const sessions = await openSessions(archives, crash);
      const targetUrl = await crash.database(archives.targetUrl);
      const targetReader = await connect(targetUrl, { applicationName: "forklift test" });
      const sets = crash.store(storeAt(store), WRITING);
      const blocks = await openBlockSources({
        urls: [`${pathToFileURL(path.join(folder, "blocks")).href}/`],
        network: network.name,
        scratchDirectory: work,
        threads: 0,
      });
      const context: JobContext = {
        ...{ job: "prime", isDryRun: false, isReplacing: false, history: "canonical" },
        stop: { forkStateHash: null, stopAtHeight: null },
        ...{ source: sessions.source, target: sessions.target, targetReader, targetUrl },
        ...{
          sourceUrl: archives.sourceUrl,
          ...{ isFromBlocks: false, openBlocks: () => Promise.resolve(blocks) },
          sourceDump: null,
          isOlderDumpAllowed: false,
          dumpsPassedOver: [],
          runId: "2024-06-30T00-00-00Z-prime-5f2a91",
          ...{ forkPoint: null, minConfirmations: 0 },
          settings: SETTINGS,
          givenTargetUrl: null,
          places: { genesisLedger: "", blocks: [] },
          balances: sessions.source,
        },
        ...{ network, genesisLedger, blocks, form: OWN_FORM, trustedStateHash: null },
        grounds: { signatures: { which: "new" }, agree: 1 },
        ...{ store: sets, sets: publishedSets(sets, network.name, () => undefined) },
        ...{ lease: LEASE, resumed: null, runs: async () => [] },
        ...{ checkpointUrl: null, checkpoints: storeAt(path.join(work, "checkpoints")) },
        ...{ checkpointIntervalBlocks: 1_000n, checkpointIntervalMs: 600_000, threads: 1 },
        blocksPerLedgerHash: 1,
        work: WORK,
        ...{ workPath: work, now: () => performance.now(), date },
        walkMarks: walkMarksIn(storeAt(work), () => undefined),
        verified: { versions: await savedVersions(home) },
        candidate: { report: null },
        durations: new Map(),
        warn: () => undefined,
        ...more,
      };
      return {
        context,
        async [Symbol.asyncDispose]() {
          await blocks[Symbol.asyncDispose]();
          await targetReader.close();
          await sessions[Symbol.asyncDispose]();
        },
      };
    },
    [Symbol.asyncDispose]: () => rm(home, { recursive: true, force: true }),
  };
}

/** Of the year after the sample's last night. */
const date = () => new Date("2024-06-30T00:00:00Z");

/** That of a run which nobody goes on with. */
const WORK: JobContext["work"] = {
  id: "prime-0000000000",
  key: { network: "sample", job: "prime", input: {} },
  path: "/nowhere",
  notes: () => ({
    ...{ version: 1, id: "prime-0000000000", network: "sample", job: "prime", input: {} },
    ...{ begun: date().toISOString(), attempts: 1, sourceDump: null, dumpsPassedOver: [] },
  }),
  note: async () => undefined,
  databasesOn: (serverUrl) => ({ serverUrl, id: "prime-0000000000", owner: "nobody" }),
  finish: () => undefined,
  async [Symbol.asyncDispose]() {},
};

/** That of a run without a concurrent one. */
const LEASE = {
  signal: new AbortController().signal,
  lost: () => null,
  confirm: async () => undefined,
  async [Symbol.asyncDispose]() {},
};

const SETTINGS = setInput("settings", { name: "settings.json", ...digestOf(Buffer.from("{}")) });

export function storeAt(folder: string) {
  return openStore(`${pathToFileURL(folder).href}/`);
}

export interface JobTemplate {
  readonly target: TestTemplate;
  readonly from: string;
}

/** The sample replayed, verified, and, if it is to be, published. */
export async function jobAfter(stage: "replay" | "verify-target" | "publish-set") {
  return await oncePerRun(`job-after-${stage}`, async (folder): Promise<JobTemplate> => {
    const { target, folder: checkpoints } = await replayed();
    await cp(checkpoints, path.join(folder, "work/checkpoints"), { recursive: true });
    if (stage === "replay") return { target, from: folder };
    await using sandbox = await openJob({ target, from: folder });
    {
      await using opened = await sandbox.open(NO_CRASH);
      const stages = stage === "verify-target" ? [verifyTarget] : [verifyTarget, publishSet];
      await runStages(stages, {
        context: opened.context,
        marks: { load: async () => null, save: async () => undefined },
        transaction: () => {
          throw new Error("these stages have no batches");
        },
        signal: new AbortController().signal,
        now: () => performance.now(),
        observer: SILENT,
      });
      const { versions } = opened.context.verified;
      await writeFile(path.join(sandbox.home, VERSIONS), JSON.stringify(versions));
    }
    await cp(sandbox.home, folder, { recursive: true });
    return { target, from: folder };
  });
}

const VERSIONS = "versions.json";

/** What the verification saw goes from stage to stage in memory. */
async function savedVersions(home: string): Promise<JobContext["verified"]["versions"]> {
  const text = await readFile(path.join(home, VERSIONS), "utf8").catch(() => "null");
  return JSON.parse(text) as JobContext["verified"]["versions"];
}

export async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[Math.floor(bytes.length / 2)]! ^= 1;
  await writeFile(file, bytes);
}

export async function appendByte(file: string): Promise<void> {
  await appendFile(file, "x");
}

function withoutMarks({ source, target }: Record<string, Record<string, string>>) {
  const { "forklift.progress_mark": _marks, ...rest } = target!;
  return { source, target: rest };
}

/**
 * By name, without those of the verification: one is drawn at random, the other counts the server's transactions, and a run that has lost it
 * only proves more than it must.
 */
async function comparableMarks(url: string): Promise<unknown> {
  await using session = await connect(url, { applicationName: "forklift test", readOnly: true });
  const [there] = await session.query(
    "select 1 from pg_tables where schemaname = 'forklift' and tablename = 'progress_mark'",
  );
  if (there === undefined) return [];
  return await session.query(
    "select stage, cursor from forklift.progress_mark where stage <> all ($1) order by stage",
    [[verifyTarget.id, WALK_ROOT]],
  );
}

/** Two dumps of the same rows may differ in a byte, and with them what the manifest says of its files. */
async function comparableFiles(folder: string): Promise<Record<string, unknown>> {
  const files = (await readdir(folder)).sort().map(async (name): Promise<[string, unknown]> => {
    const bytes = await readFile(path.join(folder, name));
    if (name.includes("-migrated-archive-dump-")) return [name, "a dump"];
    if (!name.includes("-set-")) return [name, createHash("sha256").update(bytes).digest("hex")];
    const manifest = JSON.parse(bytes.toString()) as { readonly files: readonly SetFile[] };
    const listed = manifest.files.map(({ role, name: file }) => `${role} ${file}`);
    return [name, projectionOf({ ...manifest, files: listed })];
  });
  return Object.fromEntries(await Promise.all(files));
}
