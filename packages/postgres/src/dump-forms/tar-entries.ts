// Reads the members of a dump's tar, one after the other. An error says whether the tar or its
// source failed.

import { ReadableStream } from "node:stream/web";
import { DamagedDataError } from "@forklift/pipeline";
import { createTarDecoder, type ParsedTarEntry, type TarHeader } from "modern-tar";

export interface TarMember {
  readonly header: TarHeader;
  /** Must be read before the next member is requested; the unread rest is skipped then. */
  readonly body: AsyncGenerator<Uint8Array>;
}

/** @throws SourceDataError for a truncated or damaged tar; errors of its source as they are. */
export async function* tarEntries(tar: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  let sourceError: { readonly error: unknown } | undefined;
  async function* source() {
    try {
      yield* tar;
    } catch (error) {
      sourceError = { error };
      throw error;
    }
  }
  // The decoder throws plain errors, which differ from the source's by origin alone.
  const raise = (error: unknown): never => {
    if (sourceError !== undefined) throw sourceError.error;
    throw new DamagedDataError(`the dump's tar is damaged: ${(error as Error).message}`, {
      cause: error,
      hint: "the dump is damaged or of another kind; get it again",
    });
  };
  // Strict: checksums of headers are checked, and the end must be marked as such.
  const decoded = ReadableStream.from(source()).pipeThrough(createTarDecoder({ strict: true }));
  const entries = decoded[Symbol.asyncIterator]() as AsyncIterator<ParsedTarEntry>;
  try {
    for (;;) {
      const next = await entries.next().catch(raise);
      if (next.done === true) return;
      const reader = next.value.body.getReader();
      const read = () => reader.read().catch(raise);
      yield { header: next.value.header, body: chunksOf(read) };
      // Read to its end, wanted or not: a body that is left while its end waits in a queue takes the
      // next member's body with it, and the decoder then waits for ever (modern-tar 0.8.6).
      while (!(await read()).done);
    }
  } finally {
    // The reason for the end has been reported; the decoder's own error adds nothing.
    await entries.return?.().catch(() => undefined);
  }
}

async function* chunksOf(
  read: () => Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await read();
    if (done || value === undefined) return;
    yield value;
  }
}

/** Members that macOS adds: `._name` beside a file or in a folder of their own, and how a folder looked. */
export function isOfMacOs(name: string): boolean {
  const parts = name.split("/");
  const base = parts.at(-1) ?? "";
  return parts.includes("__MACOSX") || base.startsWith("._") || base === ".DS_Store";
}
