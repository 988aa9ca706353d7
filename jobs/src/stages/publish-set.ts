// Step 7 of a job: a new dump with its checkpoint and report, published as one set. Every file has a
// name that no other set uses, and the manifest, without which there is no set, is written last, with
// the lease of the store in hand. Then the pointer to the newest set is moved.

import { createReadStream } from "node:fs";
import path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { selectChain } from "@forklift/archive";
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
import type { Store, WrittenObject } from "@forklift/storage";
import { readVersions, type TableVersions } from "@forklift/verifier";
import type { JobWorld } from "../job-world.ts";
import { markProven } from "../proven-height.ts";
import { composeManifest, type PublishedTip, readPublishedTip } from "../sets/compose-manifest.ts";
import { dumpName, migratedDumpPrefix, minuteOf } from "../sets/dump-name.ts";
import { composeHandOver, handOverText } from "../sets/hand-over.ts";
import { whyPublished } from "../sets/is-published.ts";
import { moveLatest } from "../sets/latest.ts";
import {
  encodeManifest,
  fileOf,
  type Manifest,
  manifestName,
  type SetFile,
} from "../sets/manifest.ts";
import { checkedBytes, setFile } from "../sets/set-files.ts";
import { readReport, reportPath } from "../verification-report.ts";

interface Plan {
  readonly manifest: string;
  readonly dump: string;
  readonly report: string;
  readonly tip: PublishedTip;
  /** Sets that this one takes the place of: their manifests, and the files that those name. */
  readonly replaces: readonly { readonly manifest: string; readonly files: readonly string[] }[];
}

export const publishSet: WholeStage<JobWorld, Plan> = {
  id: "publish-set",
  kind: "whole",

  async plan(world) {
    const { network, sets: published, target, job, isDryRun, isReplacing } = world;
    if (isDryRun) return { skip: "a dry run publishes nothing" };
    const standing = await whyPublished(world);
    if (standing !== null) return { skip: standing };
    const tip = await readPublishedTip(target);
    await requireSettled(world, tip);
    const manifest = manifestName(network.name, tip);
    const sets = await published.complete();
    const isReplaced = (name: string) => name === manifest || (job === "prime" && isReplacing);
    const taken = new Set(sets.map((set) => fileOf(set.manifest, "dump").name));
    const dump = freeDumpName(world, taken);
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

  async run(world, plan, { signal, progress }) {
    const { store, checkpoints, network, lease, date, isReplacing } = world;
    /** A run that took the lease over may write these names: without it we write none of them. */
    const upload: Upload = async (name, bytes) => {
      throwIfStopped(signal, "publish-set");
      await lease!.confirm();
      return await store.write(name, untilStopped(bytes, signal));
    };
    const dump = await packTarget(world, plan, signal);
    const versions = await requireUnwritten(world);
    const checkpoint = checkpointName(network.name, plan.tip.globalSlotSinceGenesis);
    const meta = metaName(checkpoint);
    const uploads = [
      ["dump", plan.dump, fileBytes(dump)],
      ["checkpoint", checkpoint, objectBytes(checkpoints, checkpoint)],
      ["checkpoint-meta", meta, objectBytes(checkpoints, meta)],
      ["report", plan.report, fileBytes(reportPath(world))],
    ] as const;
    const files: SetFile[] = [];
    for (const [role, name, bytes] of uploads) {
      files.push(setFile(role, await upload(name, bytes)));
      progress({ done: BigInt(files.length), total: BigInt(uploads.length), unit: "files" });
    }
    const draft = await composeManifest(world, plan.tip, files, await readReport(world));
    if (draft.final) files.push(...(await uploadHandOver(world, plan, draft, upload)));
    const manifest = { ...draft, files };
    await upload(plan.manifest, textBytes(encodeManifest(manifest)));
    const set = { name: plan.manifest, manifest };
    await moveLatest(store, { network: network.name, set, date, isReplacing });
    // Not before: a run that is killed in between proves it again, and its report tells of all.
    const { height, stateHash } = plan.tip;
    const { digests } = await readReport(world);
    await markProven(world.target, { height: String(height), stateHash, digests, versions });
    await removeReplaced(store, plan, new Set(files.map(({ name }) => name)));
    return { rowCount: files.length };
  },

  /** Reads everything back from the store. */
  async verify({ store, sets }, { manifest: name }) {
    const set = (await sets.complete()).find((it) => it.name === name);
    if (set === undefined) return [{ name, expected: "a complete set", actual: "none" }];
    const checks = [];
    for (const file of set.manifest.files) {
      let bytes = 0;
      for await (const chunk of checkedBytes(store, file)) bytes += chunk.length;
      checks.push({ name: file.name, expected: String(file.bytes), actual: String(bytes) });
    }
    return checks;
  },
};

/**
 * A target that an interrupted final has left above the canonical chain is not what a daily publishes.
 * @throws ConfigError
 */
async function requireSettled(
  { source, stop, network, target }: JobWorld,
  tip: PublishedTip,
): Promise<void> {
  const { tip: settled } = await selectChain(source, stop, network.name);
  if (tip.height <= settled.height) return;
  throw new ConfigError(
    `the target ${target.maskedUrl} stands at ${tip.stateHash} (height ${tip.height}), above the highest ` +
      `canonical block of the source, ${settled.stateHash} (height ${settled.height})`,
    {
      hint:
        `publish it by forklift final with that stop point, or take it back: forklift unwind ` +
        `--target-db ${target.maskedUrl} --to-height ${settled.height}`,
    },
  );
}

/**
 * The dump was taken after the verification, which must have seen the same rows.
 * @throws VerificationError
 */
async function requireUnwritten({ target, verified }: JobWorld): Promise<TableVersions> {
  const versions = await readVersions(target);
  if (isDeepStrictEqual(versions, verified.versions)) return versions;
  const written = Object.keys(versions).filter(
    (table) => !isDeepStrictEqual(versions[table], verified.versions?.[table]),
  );
  throw new VerificationError(
    `the target ${target.maskedUrl} was written to after it was verified: ${written.join(", ")}`,
    { hint: "find out who writes to it, then run the same command again, which verifies anew" },
  );
}

/** The source dump's minute, or now; the next free one when another set has that name. */
function freeDumpName({ network, sourceDump, date }: JobWorld, taken: ReadonlySet<string>): string {
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

/** The path of the packed dump. Takes as long as a stage may, so that a signal breaks it off. */
async function packTarget(
  { targetUrl, workPath }: JobWorld,
  { dump, tip }: Plan,
  signal: AbortSignal,
): Promise<string> {
  const member = path.basename(dump, ".tar.gz");
  const sql = path.join(workPath, member);
  const packed = path.join(workPath, dump);
  const ddl = await readSchema("berkeley");
  try {
    await writeDump({ url: targetUrl, ddl, out: sql, signal });
    await packDump(sql, member, packed, { mtime: new Date(Number(tip.timestamp)), signal });
  } catch (error) {
    throwIfStopped(signal, "publish-set");
    throw error;
  }
  return packed;
}

/** For programs, and for people. */
async function uploadHandOver(
  world: JobWorld,
  { dump, manifest }: Plan,
  draft: Manifest,
  upload: Upload,
): Promise<SetFile[]> {
  const report = await composeHandOver(world, draft, dump);
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

/** Manifests first: a reader must never find one whose files are gone. */
async function removeReplaced(
  store: Store,
  { manifest, replaces }: Plan,
  kept: ReadonlySet<string>,
): Promise<void> {
  for (const set of replaces) if (set.manifest !== manifest) await store.remove(set.manifest);
  for (const { files } of replaces) {
    for (const name of files) if (!kept.has(name)) await store.remove(name);
  }
}

async function* fileBytes(file: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(file) as AsyncIterable<Buffer>;
}

/** Opened when its upload begins. */
async function* objectBytes(from: Store, name: string): AsyncGenerator<Uint8Array> {
  const body = await from.open(name);
  if (body === null) throw new SourceDataError(`the replay left no checkpoint ${from.url}/${name}`);
  yield* body.stream;
}

async function* textBytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
