// Writes one part of a dump to a new file in a scratch folder.

import { createWriteStream } from "node:fs";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { TryAgainError } from "@forklift/pipeline";
import { defined, fileError } from "@forklift/system";
import { stopIfAborted } from "../session/stopped.ts";

export async function writePart(
  file: string,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    const options = defined({ signal });
    await pipeline(body, createWriteStream(file, { flags: "wx", mode: 0o600 }), options);
  } catch (error) {
    stopIfAborted(signal, "reading");
    const doing = `unpack the dump into ${path.dirname(file)}`;
    const told = fileError(error, doing);
    if (!(told instanceof TryAgainError) || told === error) throw told;
    throw new TryAgainError(told.message, {
      cause: error,
      hint: "make room there, or set TMPDIR to a disk with room for all of the dump's files",
    });
  }
}
