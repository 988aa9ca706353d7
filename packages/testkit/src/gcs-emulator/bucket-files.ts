// Buckets as folders. An object is the file of its name, so a folder of files can be served as it
// is; what a file cannot hold (generation, checksums, content type) is in a sidecar file.
// What a folder cannot hold: an object "a" beside an object "a/b".

import { createReadStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Content, contentDigest } from "./partial-object.ts";
import { Refusal } from "./refusal.ts";

export interface StoredResource extends Content {
  readonly name: string;
  /** Microseconds, always growing, as the real ones do. */
  readonly generation: number;
  readonly timeCreated: string;
  readonly contentType: string;
  readonly contentEncoding?: string;
  /** Missing for the default one. */
  readonly storageClass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

export type ResourceFields = Pick<
  StoredResource,
  "contentType" | "contentEncoding" | "storageClass" | "metadata"
>;

export interface BucketFiles {
  create(bucket: string): Promise<void>;
  has(bucket: string): Promise<boolean>;
  names(): Promise<string[]>;
  find(bucket: string, name: string): Promise<StoredResource | null>;
  pathOf(bucket: string, name: string): string;
  /** A path for content that is not an object yet. */
  partialPath(id: string): string;
  /** Takes the file at `path` as the object's content. */
  put(bucket: string, name: string, upload: Upload): Promise<StoredResource>;
  remove(bucket: string, name: string): Promise<void>;
  /** To look at an object and act on it with nothing in between: one such work at a time. */
  alone<Result>(work: () => Promise<Result>): Promise<Result>;
  /** Names in the order of the API, from the one after `after`. */
  list(bucket: string, range: { prefix: string; after: string }): AsyncIterable<string>;
}

export interface Upload {
  readonly path: string;
  readonly content: Content;
  readonly fields: ResourceFields;
}

/** Folders of the emulator itself. No bucket may have such a name. */
const ASIDE = ".objects";
const PARTIAL = ".partial";

export async function openBucketFiles(root: string): Promise<BucketFiles> {
  await rm(join(root, PARTIAL), { recursive: true, force: true });
  await mkdir(join(root, PARTIAL), { recursive: true });
  const pathOf = (bucket: string, name: string) => join(root, bucket, filePath(name));
  const asideOf = (bucket: string, name: string) =>
    join(root, ASIDE, bucket, `${filePath(name)}.json`);
  let lastGeneration = 0;
  let turn: Promise<unknown> = Promise.resolve();

  /** A file that nobody uploaded, or that was changed by hand, becomes a new generation. */
  async function adopt(bucket: string, name: string): Promise<StoredResource> {
    const digest = contentDigest();
    for await (const chunk of createReadStream(pathOf(bucket, name))) digest.update(chunk);
    const fields = { contentType: "application/octet-stream" };
    return await record(bucket, name, digest.content(), fields);
  }

  async function record(bucket: string, name: string, content: Content, fields: ResourceFields) {
    lastGeneration = Math.max(lastGeneration + 1, Date.now() * 1000);
    const timeCreated = new Date().toISOString();
    const resource = { ...fields, ...content, name, generation: lastGeneration, timeCreated };
    const { mtimeMs } = await stat(pathOf(bucket, name));
    await mkdir(dirname(asideOf(bucket, name)), { recursive: true });
    await writeFile(asideOf(bucket, name), JSON.stringify({ mtimeMs, resource }));
    return resource;
  }

  return {
    async create(bucket) {
      if (!isBucketName(bucket)) throw new Refusal(400, `Invalid bucket name: '${bucket}'`);
      await mkdir(join(root, bucket), { recursive: true });
    },
    has: async (bucket) => isBucketName(bucket) && (await kindOf(join(root, bucket))) === "folder",
    async names() {
      const entries = await readdir(root, { withFileTypes: true });
      return entries.filter((e) => e.isDirectory() && isBucketName(e.name)).map((e) => e.name);
    },
    async find(bucket, name) {
      const path = pathOf(bucket, name);
      if ((await kindOf(path)) !== "file") return null;
      const { mtimeMs, size } = await stat(path);
      const aside = await readFile(asideOf(bucket, name), "utf8").catch(() => "null");
      const known = JSON.parse(aside) as { mtimeMs: number; resource: StoredResource } | null;
      const isCurrent = known?.mtimeMs === mtimeMs && known.resource.size === size;
      return isCurrent ? known.resource : await adopt(bucket, name);
    },
    pathOf,
    partialPath: (id) => join(root, PARTIAL, id),
    async put(bucket, name, { path, content, fields }) {
      const target = pathOf(bucket, name);
      try {
        await mkdir(dirname(target), { recursive: true });
        await rename(path, target);
      } catch (error) {
        throw new Refusal(501, `${name} cannot be a file here: ${String(error)}`);
      }
      return await record(bucket, name, content, fields);
    },
    async remove(bucket, name) {
      await rm(pathOf(bucket, name), { force: true });
      await rm(asideOf(bucket, name), { force: true });
    },
    alone(work) {
      const done = turn.then(work);
      turn = done.catch(() => undefined);
      return done;
    },
    list: (bucket, range) => listNames(join(root, bucket), "", range),
  };
}

function isBucketName(name: string): boolean {
  return /^[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]$/.test(name);
}

/** Parts that mean something to a file system are escaped; a slash at the end is a part, too. */
function filePath(name: string): string {
  return name
    .split("/")
    .map((part) => part.replaceAll("%", "%25").replaceAll("\0", "%00"))
    .map((part) => (/^\.*$/.test(part) ? `%${part.replaceAll(".", "%2E")}` : part))
    .join("/");
}

function nameOfPart(part: string): string {
  if (/^%(%2E)*$/.test(part)) return part.slice(1).replaceAll("%2E", ".");
  return part.replaceAll("%00", "\0").replaceAll("%25", "%");
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  try {
    const found = await stat(path);
    return found.isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}

async function* listNames(
  folder: string,
  below: string,
  range: { prefix: string; after: string },
): AsyncGenerator<string> {
  const { prefix, after } = range;
  const entries = await readdir(folder, { withFileTypes: true });
  const named = entries
    // The slash is part of the order: "a-b" comes before "a/b", and "a/b" before "ab".
    .map((entry) => ({
      entry,
      name: below + nameOfPart(entry.name) + (entry.isDirectory() ? "/" : ""),
    }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  for (const { entry, name } of named) {
    if (!entry.isDirectory()) {
      if (name.startsWith(prefix) && name > after) yield name;
    } else if (name.startsWith(prefix) || prefix.startsWith(name)) {
      const isPast = name < after && !after.startsWith(name);
      if (!isPast) yield* listNames(join(folder, entry.name), name, range);
    }
  }
}
