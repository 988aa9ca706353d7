// Step 7 of a job: a new dump with its checkpoint and report, published as one set. Every file has a
// name that no other set uses, and the manifest, without which there is no set, is written last, with
// the lease of the store in hand. Then all of it is read back. What follows is for finish-publication.

import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { type PublishedTip, readPublishedTip, selectChain } from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import { chooseRange, chosenTip } from "@forklift/migrator";
import {
  ConfigError,
  SourceDataError,
  throwIfStopped,
  VerificationError,
  type WholeStage,
} from "@forklift/pipeline";
import { packDump, writeDump } from "@forklift/postgres";
import { checkpointName, metaName } from "@forklift/replayer";
import { readSchema } from "@forklift/schemas";
import {
  dumpName,
  encodeManifest,
  fileOf,
  type Manifest,
  manifestName,
  migratedDumpPrefix,
  minuteOf,
  noteReplacement,
  type SetFile,
  setFile,
} from "@forklift/sets";
import { type Store, textBytes, type WrittenObject } from "@forklift/storage";
import { readVersions } from "@forklift/verifier";
import type { JobContext } from "../context/job-context.ts";
import { composeManifest } from "./compose-manifest.ts";
import { composeHandOver, handOverText } from "./hand-over.ts";
import { findPublished, published } from "./is-published.ts";
import { readReport, reportPath } from "./verification-report.ts";

interface Publication {
  readonly manifest: string;
  readonly dump: string;
  readonly report: string;
  readonly tip: PublishedTip;
  /** Sets that this one replaces: their manifests, and the files that those name. */
  readonly replaces: readonly { readonly manifest: string; readonly files: readonly string[] }[];
}

export const publishSet: WholeStage<JobContext, Publication> = {
  id: "publish-set",
  kind: "whole",

  async plan(context) {
    const { network, sets: found, target, job, isDryRun, isReplacing } = context;
    if (isDryRun) return { skip: "a dry run publishes nothing" };
    const standing = await findPublished(context);
    if (standing !== null) return { skip: published(standing) };
    const tip = await readPublishedTip(target);
    await requireSettled(context, tip);
    const manifest = manifestName(network.name, tip);
    const sets = await found.complete();
    const isReplaced = (name: string) => name === manifest || (job === "prime" && isReplacing);
    const taken = new Set(sets.map((set) => fileOf(set.manifest, "dump").name));
    const dump = freeDumpName(context, taken);
    return {
      manifest,
      dump,
      report: reportName(network.name, dump),
      tip,
      replaces: sets
        .filter(({ name }) => isReplaced(name))
        .map((set) => ({ manifest: set.name, files: set.manifest.files.map(({ name }) => name) })),
    };
  },

  async run(context, plan, { signal, progress }) {
    const { store, checkpoints, network, lease } = context;
    /** A run that took the lease over may write these names: without it we write none of them. */
    const upload: Upload = async (name, bytes) => {
      throwIfStopped(signal, "publish-set");
      await lease!.confirm();
      return await store.write(name, untilStopped(bytes, signal));
    };
    await using dump = await packTarget(context, plan, signal);
    await requireUnwritten(context);
    const checkpoint = checkpointName(network.name, plan.tip.globalSlotSinceGenesis);
    const meta = metaName(checkpoint);
    const uploads = [
      ["dump", plan.dump, fileBytes(dump.path)],
      ["checkpoint", checkpoint, objectBytes(checkpoints, checkpoint)],
      ["checkpoint-meta", meta, objectBytes(checkpoints, meta)],
      ["report", plan.report, fileBytes(reportPath(context))],
    ] as const;
    const files: SetFile[] = [];
    for (const [role, name, bytes] of uploads) {
      files.push(setFile(role, await upload(name, bytes)));
      progress({ done: BigInt(files.length), total: BigInt(uploads.length), unit: "files" });
    }
    const draft = await composeManifest(context, plan.tip, files, await readReport(context));
    if (draft.final) files.push(...(await uploadHandOver(context, plan, draft, upload)));
    await announceReplaced(context, plan);
    await upload(plan.manifest, textBytes(encodeManifest({ ...draft, files })));
    return { rowCount: files.length };
  },

  /** Reads everything back from the store: nothing points at the set before. */
  async verify({ sets }, { manifest: name }) {
    const set = (await sets.complete()).find((it) => it.name === name);
    if (set === undefined) return [{ name, expected: "a complete set", actual: "none" }];
    const read = await sets.readBack(set);
    return set.manifest.files.map((file, at) => ({
      name: file.name,
      expected: String(file.bytes),
      actual: String(read[at]?.bytes),
    }));
  },
};

/**
 * A target that an interrupted final has left above the canonical chain is not what a daily publishes.
 * @throws ConfigError
 */
async function requireSettled(context: JobContext, tip: PublishedTip): Promise<void> {
  const { source, target } = context;
  const settled = await endOfSource(context);
  if (tip.height <= settled.height) return;
  const end = source === null ? "end of the block files" : "highest canonical block of the source";
  throw new ConfigError(
    `the target ${target.maskedUrl} stands at ${tip.stateHash} (height ${tip.height}), above the ${end}, ` +
      `${settled.stateHash} (height ${settled.height})`,
    {
      hint:
        `publish it by forklift final with that stop point, or take it back: forklift unwind ` +
        `--target-db ${target.maskedUrl} --to-height ${settled.height}`,
    },
  );
}

async function endOfSource(context: JobContext): Promise<BlockRef> {
  const { source, stop, network, heals = false } = context;
  if (source === null) return await chosenTip(context, stop);
  if (heals) return (await chooseRange(context, { targetHasSchema: true })).chain.tip;
  return (await selectChain(source, stop, network.name)).tip;
}

/**
 * The dump was taken after the verification, which must have seen the same rows.
 * @throws VerificationError
 */
async function requireUnwritten({ target, verified }: JobContext): Promise<void> {
  const versions = await readVersions(target);
  if (isDeepStrictEqual(versions, verified.versions)) return;
  const written = Object.keys(versions).filter(
    (table) => !isDeepStrictEqual(versions[table], verified.versions?.[table]),
  );
  throw new VerificationError(
    `the target ${target.maskedUrl} was written to after it was verified: ${written.join(", ")}`,
    { hint: "find out who writes to it, then run the same command again, which verifies anew" },
  );
}

/** The source dump's minute, or now; the next free one when another set has that name. */
function freeDumpName(
  { network, sourceDump, date }: JobContext,
  taken: ReadonlySet<string>,
): string {
  const prefix = migratedDumpPrefix(network.name);
  let minute = sourceDump?.minute ?? minuteOf(date());
  while (taken.has(dumpName(prefix, minute))) minute++;
  return dumpName(prefix, minute);
}

/** Bears the dump's date: two sets never share one. */
function reportName(network: string, dump: string): string {
  const stamp = dump.slice(migratedDumpPrefix(network).length, -".sql.tar.gz".length);
  return `${network}-report${stamp}.json`;
}

type Upload = (name: string, bytes: AsyncIterable<Uint8Array>) => Promise<WrittenObject>;

/** Its file goes when it has been published, or could not be: `follow` publishes for ever. */
interface PackedDump extends AsyncDisposable {
  readonly path: string;
}

/** Takes as long as a stage may, so that a signal breaks it off. */
async function packTarget(
  { targetUrl, workPath, warn }: JobContext,
  { dump, tip }: Publication,
  signal: AbortSignal,
): Promise<PackedDump> {
  const member = path.basename(dump, ".tar.gz");
  const sql = path.join(workPath, member);
  const packed = path.join(workPath, dump);
  const ddl = await readSchema("berkeley");
  try {
    const { passedOver } = await writeDump({ url: targetUrl, ddl, out: sql, signal });
    for (const why of passedOver) warn(`the dump was written without ${why}`);
    await packDump(sql, member, packed, { mtime: new Date(Number(tip.timestamp)), signal });
  } catch (error) {
    await rm(packed, { force: true });
    throwIfStopped(signal, "publish-set");
    throw error;
  } finally {
    await rm(sql, { force: true });
  }
  return { path: packed, [Symbol.asyncDispose]: () => rm(packed, { force: true }) };
}

/** For programs, and for people. */
async function uploadHandOver(
  context: JobContext,
  { dump, manifest }: Publication,
  draft: Manifest,
  upload: Upload,
): Promise<SetFile[]> {
  const report = await composeHandOver(context, draft, dump);
  const name = manifest.replace("-set-", "-hand-over-");
  const text = name.replace(/json$/, "txt");
  const json = `${JSON.stringify(report, null, 2)}\n`;
  return [
    setFile("hand-over", await upload(name, textBytes(json))),
    setFile("hand-over-text", await upload(text, textBytes(handOverText(report)))),
  ];
}

/** An upload that breaks off leaves no object. */
async function* untilStopped(
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    throwIfStopped(signal, "publish-set");
    yield chunk;
  }
}

/** Before the manifest, which may have the name of one that it replaces. */
async function announceReplaced(
  { store, network, lease }: JobContext,
  { manifest, dump, replaces }: Publication,
): Promise<void> {
  if (replaces.length === 0) return;
  await lease!.confirm();
  const manifests = replaces.map((set) => set.manifest);
  const files = replaces.flatMap((set) => set.files);
  await noteReplacement({ store, network: network.name }, { by: manifest, dump, manifests, files });
}

async function* fileBytes(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file) as AsyncIterable<Buffer>;
}

/** Opened when its upload begins. */
async function* objectBytes(from: Store, name: string): AsyncGenerator<Uint8Array> {
  const body = await from.open(name);
  if (body === null) {
    throw new SourceDataError(`the replay left no checkpoint ${from.url}/${name}`, {
      hint: "run the same job again, which replays and writes the checkpoint anew",
    });
  }
  yield* body.stream;
}
