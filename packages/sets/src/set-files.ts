// The files of a set: their names, and their way between stores with a check of what arrived.

import { createHash } from "node:crypto";
import { SourceDataError } from "@forklift/pipeline";
import type { Store, WrittenObject } from "@forklift/storage";
import type { FileRole, SetFile, SetInput } from "./manifest.ts";

/** Names that a set of ours gives, its manifest's included; nothing else is ever removed as one. */
const NAME_AFTER_NETWORK =
  /^-(set-\d|migrated-archive-dump-\d|checkpoint-\d|report-\d|hand-over-\d)[^/]*$/;

const TORN_HINT =
  "the set is torn or was altered; remove its manifest to fall back to the one before";

/** Whether an object has a name that a set of the network gives to its files. */
export function isSetFile(network: string, name: string): boolean {
  return name.startsWith(network) && NAME_AFTER_NETWORK.test(name.slice(network.length));
}

/** Null for what no set of any network consists of; parts of a copy are told by their folder. */
export function networkOfFile(name: string): string | null {
  const [, copied] = /^\.forklift-copy\/([a-z0-9][a-z0-9-]*)\//.exec(name) ?? [];
  if (copied !== undefined) return copied;
  const [, network] =
    /^([a-z0-9][a-z0-9-]*?)-(?:set|migrated-archive-dump|checkpoint|report|hand-over)-\d/.exec(
      name,
    ) ?? [];
  return network !== undefined && isSetFile(network, name) ? network : null;
}

/**
 * The bytes of a file of a set.
 * @throws SourceDataError after the last byte when they are not the bytes that the manifest names, and as soon as
 * they are more.
 */
export async function* checkedBytes(
  store: Store,
  file: Pick<SetFile, "name" | "bytes" | "sha256">,
): AsyncGenerator<Uint8Array> {
  const body = await store.open(file.name);
  if (body === null) {
    throw new SourceDataError(`${file.name} is gone from ${store.url}`, {
      hint: "take another set, which forklift store ls shows, or run the job again",
    });
  }
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of body.stream) {
    bytes += chunk.byteLength;
    // A server may send without end.
    if (bytes > file.bytes) {
      throw new SourceDataError(
        `${store.url}/${file.name} has more than the ${file.bytes} bytes that its manifest says`,
        { hint: TORN_HINT },
      );
    }
    hash.update(chunk);
    yield chunk;
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== file.sha256) {
    throw new SourceDataError(
      `${store.url}/${file.name} has SHA-256 ${sha256}, its manifest says ${file.sha256}`,
      { hint: TORN_HINT },
    );
  }
}

/** Copies a file between stores under the same name. */
export async function copyFile(from: Store, to: Store, file: SetFile): Promise<void> {
  await to.write(file.name, checkedBytes(from, file));
}

export function setFile(role: FileRole, written: WrittenObject): SetFile {
  return { role, ...entryOf(written) };
}

/** @param read the bytes that the set was made from. */
export function setInput(role: string, read: WrittenObject): SetInput {
  return { role, ...entryOf(read) };
}

function entryOf({ name, bytes, sha256, crc32c }: WrittenObject) {
  return { name, bytes: Number(bytes), sha256, crc32c };
}
