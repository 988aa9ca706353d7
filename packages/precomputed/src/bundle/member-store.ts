// A store of block files packed one by one, for a bundle without access points.

import { promisify } from "node:util";
import { gunzip as gunzipWhole, gzip as gzipWhole } from "node:zlib";
import { SourceDataError } from "@forklift/pipeline";
import type { ScratchFile, Slice } from "../files/scratch-file.ts";
import type { BundleIndex, Member } from "./bundle-index.ts";
import type { TarMember } from "./tar-members.ts";

const gzip = promisify(gzipWhole);
const gunzip = promisify(gunzipWhole);

/**
 * Large blocks are proofs for the most part, of which no level takes more than a quarter: the highest
 * took as much room as this one, and a third more time. gzip, since every Node has it and it has a
 * checksum.
 */
const PACKING = { level: 1, memLevel: 9 };

/** As many as Node has threads for it. What they hold are as many block files. */
const PACKED_AT_ONCE = 4;

export class MemberStore {
  readonly #index: BundleIndex;
  readonly #scratch: ScratchFile;
  #written: Promise<void> = Promise.resolve();
  readonly #underWay: Promise<void>[] = [];

  constructor(index: BundleIndex, scratch: ScratchFile) {
    this.#index = index;
    this.#scratch = scratch;
  }

  /** Returns when there is room for another one. */
  async keep({ name, offset, bytes, body }: TarMember): Promise<void> {
    const row = this.#index.addMember(name, { offset, bytes });
    // A file that cannot be a block is reported when it is requested.
    if (body === null) return;
    const both = Promise.all([gzip(body, PACKING), this.#written]);
    this.#written = both.then(async ([packed]) => {
      this.#index.setPacked(row, await this.#scratch.append(packed));
    });
    // Thrown at the next one who waits.
    this.#written.catch(() => undefined);
    this.#underWay.push(this.#written);
    if (this.#underWay.length >= PACKED_AT_ONCE) await this.#underWay.shift();
  }

  /** When all of them are written. */
  async end(): Promise<void> {
    await this.#written;
  }
}

/**
 * @param read reads from the file that the store was written to.
 * @throws SourceDataError when that file was damaged since.
 */
export async function readKept(
  { bytes, packed }: Member & { readonly packed: Slice },
  read: (slice: Slice) => Promise<Uint8Array>,
  url: string,
): Promise<Uint8Array> {
  const file = await read(packed);
  const options = { maxOutputLength: Math.max(bytes, 1) };
  const found = await gunzip(file, options).catch((cause: unknown) => cause as Error);
  if (found instanceof Uint8Array && found.length === bytes) return found;
  throw new SourceDataError(
    `a block file of ${url}, packed anew, is damaged at byte ${packed.offset}`,
    {
      cause: found,
      hint: "remove the bundle's index from the cache, and run again",
    },
  );
}
