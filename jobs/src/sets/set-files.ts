// Moves the files of a set between stores and checks what arrived.

import { createHash } from "node:crypto";
import { SourceDataError } from "@forklift/pipeline";
import type { Store, WrittenObject } from "@forklift/storage";
import type { FileRole, SetFile } from "./manifest.ts";

/**
 * The bytes of a file of a set.
 * @throws SourceDataError after the last byte when they are not the bytes that the manifest names.
 */
export async function* checkedBytes(store: Store, file: SetFile): AsyncGenerator<Uint8Array> {
  const body = await store.open(file.name);
  if (body === null) throw new SourceDataError(`${file.name} is gone from ${store.url}`);
  const hash = createHash("sha256");
  for await (const chunk of body.stream) {
    hash.update(chunk);
    yield chunk;
  }
  const sha256 = hash.digest("hex");
  if (sha256 !== file.sha256) {
    throw new SourceDataError(
      `${store.url}/${file.name} has SHA-256 ${sha256}, its manifest says ${file.sha256}`,
      {
        hint: "the set is torn or was altered; remove its manifest to fall back to the one before",
      },
    );
  }
}

/** Copies a file between stores under the same name. */
export async function copyFile(from: Store, to: Store, file: SetFile): Promise<void> {
  await to.write(file.name, checkedBytes(from, file));
}

export function setFile(role: FileRole, written: WrittenObject): SetFile {
  const { name, bytes, sha256, crc32c } = written;
  return { role, name, bytes: Number(bytes), sha256, crc32c };
}
