// Copies a set between two stores: files in parallel, large ones in parts that outlive the process, the
// manifest last. What is there already is not copied again, and nothing counts before it was compared.

import { SourceDataError, TryAgainError, throwIfStopped } from "@forklift/pipeline";
import type { ByteRange, Store, StoredObject } from "@forklift/storage";
import pMap from "p-map";
import type { SetFile } from "./manifest.ts";
import { contentFault, type PublishedSet } from "./published-sets.ts";
import { checkedBytes } from "./set-files.ts";

export interface CopyLimits {
  /** What a broken connection or a killed process costs at most, unless there were too many parts. */
  readonly partBytesMin: number;
  /** Google Cloud Storage makes one object of at most so many. */
  readonly partsMax: number;
}

const COPY_LIMITS: CopyLimits = { partBytesMin: 64 * 1024 * 1024, partsMax: 32 };

/** Parts lie here in the target until their object is made of them. A lease is one network's. */
export function partsPrefix(network: string): string {
  return `.forklift-copy/${network}/`;
}

export interface CopyOptions {
  readonly network: string;
  readonly from: Store;
  readonly to: Store;
  /** Called before the manifest is written. Throws when a lease is lost. */
  readonly confirm: () => Promise<void>;
  /** Transfers at the same time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  /** Called for every part that has arrived, or that was there already. */
  readonly onBytes: (bytes: number, isNew: boolean) => void;
  readonly limits?: CopyLimits;
}

/** @throws SourceDataError when the source does not hold what its manifest says. */
export async function copySet(set: PublishedSet, options: CopyOptions): Promise<void> {
  const { to } = options;
  const there = new Map<string, StoredObject>();
  for (const { name } of set.manifest.files) {
    for await (const object of to.list(name)) there.set(object.name, object);
  }
  const transfers: Transfer[] = [];
  for (const file of set.manifest.files) transfers.push(...(await planFile(file, there, options)));
  await inParallel(options.jobs, transfers, async (transfer) => {
    throwIfStopped(options.signal, "copy");
    await transfer();
  });
  await options.confirm();
  // Whoever finds the manifest finds the files.
  await copyManifest(set.name, options);
}

type Transfer = () => Promise<void>;

/** Nothing for a file that is there, one transfer for a small one, one a part for a large one. */
async function planFile(
  file: SetFile,
  there: ReadonlyMap<string, StoredObject>,
  options: CopyOptions,
): Promise<Transfer[]> {
  const { from, to, onBytes, limits = COPY_LIMITS } = options;
  const found = there.get(file.name);
  const isThere =
    found?.bytes === BigInt(file.bytes) && (await contentFault(to, file, found)) === null;
  if (isThere) {
    onBytes(file.bytes, false);
    return [];
  }
  const partBytes = Math.max(limits.partBytesMin, Math.ceil(file.bytes / limits.partsMax));
  if (file.bytes <= partBytes) {
    return [
      async () => {
        await to.write(file.name, counted(checkedBytes(from, file), onBytes));
      },
    ];
  }
  return await planParts(file, partBytes, options);
}

async function planParts(
  file: SetFile,
  partBytes: number,
  options: CopyOptions,
): Promise<Transfer[]> {
  const { network, to, onBytes } = options;
  const folder = `${partsPrefix(network)}${file.sha256}/${partBytes}/`;
  const copied = new Set<string>();
  for await (const { name } of to.list(folder)) copied.add(name);
  const parts = Array.from({ length: Math.ceil(file.bytes / partBytes) }, (_, index) => {
    const start = index * partBytes;
    const end = Math.min(start + partBytes, file.bytes);
    return { name: `${folder}${String(index).padStart(3, "0")}`, start, end };
  });
  let left = parts.length;
  return parts.map((part) => async () => {
    // An object appears whole, so that what is there under this name is this part.
    if (copied.has(part.name)) onBytes(part.end - part.start, false);
    else await copyPart(file, part, options);
    if (--left === 0)
      await assemble(
        file,
        parts.map(({ name }) => name),
        options,
      );
  });
}

async function copyPart(
  file: SetFile,
  part: { readonly name: string; readonly start: number; readonly end: number },
  { from, to, onBytes }: CopyOptions,
): Promise<void> {
  const range = { start: BigInt(part.start), end: BigInt(part.end) };
  await to.write(part.name, counted(partBytes(from, file.name, range), onBytes));
}

/** Opened when it is begun: a target that refuses the part before would hold it open. */
async function* partBytes(from: Store, name: string, range: ByteRange): AsyncGenerator<Uint8Array> {
  const body = await from.open(name, range);
  if (body === null) throw gone(name, from);
  yield* body.stream;
}

/** @throws TryAgainError when the parts do not make up the file; they are removed then. */
async function assemble(
  file: SetFile,
  parts: readonly string[],
  { from, to, jobs }: CopyOptions,
): Promise<void> {
  const made = await to.compose(file.name, parts);
  const fault = await contentFault(to, file, made);
  if (fault !== null) await to.remove(file.name);
  await inParallel(jobs, parts, (part) => to.remove(part));
  if (fault === null) return;
  throw new TryAgainError(`copied ${from.url}/${file.name} in parts, and then ${fault}`, {
    hint: "run again; if it happens again, forklift store verify tells whether the source is whole",
  });
}

function gone(name: string, { url }: Store): SourceDataError {
  return new SourceDataError(`${name} is gone from ${url}`, {
    hint: "somebody removed it meanwhile: forklift store ls shows what there is, copy that",
  });
}

async function copyManifest(name: string, { from, to }: CopyOptions): Promise<void> {
  const manifest = await from.read(name);
  if (manifest === null) throw gone(name, from);
  const there = await to.read(name);
  if (there?.content.equals(manifest.content) === true) return;
  await to.write(
    name,
    counted([manifest.content], () => undefined),
  );
}

async function* counted(
  bytes: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  onBytes: CopyOptions["onBytes"],
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    yield chunk;
    onBytes(chunk.byteLength, true);
  }
}

/** Begins nothing more after a failure, which is thrown when what was begun has ended. */
export async function inParallel<Item>(
  concurrency: number,
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  await pMap(
    items,
    async (item) => {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => failures.push(error));
    },
    { concurrency },
  );
  if (failures.length > 0) throw failures[0];
}
