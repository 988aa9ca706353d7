// Reads the meta file beside a checkpoint: whole, or only what it says of the checkpoint.

import { FormatError } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { readAll, type Store } from "@forklift/storage";
import { metaName } from "./checkpoint.ts";
import { type CheckpointMeta, decodeMeta, decodeMetaHead } from "./checkpoint-meta.ts";

/** A million accounts, which is all that a ledger holds, have 43 MB of leaf hashes. */
const META_BYTES_MAX = 64 * 1024 * 1024;

/** The first line has some 500 bytes. */
const HEAD_BYTES_MAX = 16 * 1024;

/** A checkpoint by its location. */
export interface CheckpointLocation {
  readonly store: Store;
  readonly name: string;
}

/** Null when there is none. @throws SourceDataError when it is truncated or of another version. */
export async function readMeta(
  place: CheckpointLocation,
): Promise<ReturnType<typeof decodeMeta> | null> {
  const body = await place.store.open(metaName(place.name));
  if (body === null) return null;
  const text = (await readAll(body, META_BYTES_MAX)).toString("latin1");
  return decodeOrRefuse(place, () => decodeMeta(text));
}

/** Likewise without the leaf hashes, whose bytes are not even fetched. */
export async function readMetaHead(place: CheckpointLocation): Promise<CheckpointMeta | null> {
  const body = await place.store.open(metaName(place.name));
  if (body === null) return null;
  let head = "";
  for await (const chunk of body.stream) {
    head += Buffer.from(chunk).toString("latin1");
    if (head.includes("\n") || head.length > HEAD_BYTES_MAX) break;
  }
  return decodeOrRefuse(place, () => decodeMetaHead(head.split("\n")[0]!));
}

function decodeOrRefuse<Value>({ store, name }: CheckpointLocation, decode: () => Value): Value {
  try {
    return decode();
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    const meta = metaName(name);
    throw new SourceDataError(
      `the meta file ${store.url}/${meta} is torn or of another forklift: ${cause.message}`,
      { cause, hint: `remove ${meta} to load the checkpoint by rehashing its ledger` },
    );
  }
}
