// A dump in pg_dump's directory format as it lies on this machine's disk, as the tar that it could have been
// packed in: then everything else is the same, its digest included.

import { lstat, open, readdir } from "node:fs/promises";
import path from "node:path";
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { SourceDataError } from "@forklift/pipeline";
import { fileError } from "@forklift/system";
import { createTarPacker } from "modern-tar";
import { CONTENTS, isPart } from "./directory-dump.ts";

type Controller = ReturnType<typeof createTarPacker>["controller"];

/**
 * The parts in the order of their names; anything else in the folder is passed over.
 * @throws SourceDataError while reading, when the folder is no such dump.
 */
export async function* readDumpFolder(folder: string): AsyncGenerator<Uint8Array> {
  const doing = `read the dump in ${folder}`;
  const names = await readdir(folder).catch((error: unknown) => {
    throw fileError(error, doing);
  });
  if (!names.includes(CONTENTS)) {
    throw new SourceDataError(`${folder} is a folder without ${CONTENTS}: no dump of pg_dump`, {
      hint: "give a dump in a file, or the folder that pg_dump --format=directory wrote",
    });
  }
  const { readable, controller } = createTarPacker();
  const stop = new AbortController();
  const packing = packParts(folder, names.filter(isPart).sort(), { controller, stop: stop.signal });
  // Whatever goes wrong reaches the reader through the stream.
  packing.catch((error: unknown) => controller.error(fileError(error, doing)));
  try {
    yield* readable;
  } finally {
    stop.abort();
    await packing.catch(() => undefined);
  }
}

async function packParts(
  folder: string,
  names: readonly string[],
  { controller, stop }: { readonly controller: Controller; readonly stop: AbortSignal },
): Promise<void> {
  for (const name of names) {
    const file = path.join(folder, name);
    // A link would bring in a file of this machine, and a pipe would be waited for without an end.
    if (!(await lstat(file)).isFile()) {
      throw new SourceDataError(`${file} is no plain file, expected what pg_dump writes`, {
        hint: "give the folder as pg_dump wrote it",
      });
    }
    await using handle = await open(file, "r");
    const { size } = await handle.stat();
    // A fixed time: the same parts are to give the same digest.
    const body = controller.add({ name, size, type: "file", mtime: new Date(0) });
    const stream = handle.createReadStream({ autoClose: false });
    await pipeline(stream, Writable.fromWeb(body), { signal: stop });
  }
  controller.finalize();
}
