// Block files packed into one tar archive. The archive is read when the first block is asked for.

import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { maskUrl, parseStoreUrl, splitObjectUrl } from "@forklift/storage";
import { blockFileNames } from "./block-file-forms.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId, type BlockSource } from "./block-source.ts";
import { packingOf } from "./bundle-packing.ts";
import { type BundleOptions, openShelf, type Shelf } from "./shelf.ts";
import { unpackBlockFile } from "./unpack-block-file.ts";

export interface BundleSourceOptions {
  readonly network: string;
  readonly scratchDirectory: string;
  readonly indexDirectory?: string | null;
}

/** What its URL tells of a bundle. */
export function bundleOptions(
  url: string,
  { network, scratchDirectory, indexDirectory = null }: BundleSourceOptions,
): BundleOptions {
  const parsed = parseStoreUrl(url);
  return {
    ...{ url, network, scratchDirectory, indexDirectory },
    maskedUrl: maskUrl(parsed),
    // What has another ending, nobody opens as a bundle but by its packing.
    packing: packingOf(parsed) ?? "gzip",
  };
}

export function bundleSource(url: string, given: BundleSourceOptions): BlockSource {
  // The archive is opened later, but a scheme that nobody knows is told at once.
  splitObjectUrl(url);
  const options = bundleOptions(url, given);
  const { network, maskedUrl } = options;

  let pass: Promise<Shelf> | undefined;
  /** Once, for all who ask. A damaged archive stays damaged; a failed download may be repeated. */
  const shelfOnce = () => {
    pass ??= openShelf(options).catch((error: unknown) => {
      if (error instanceof TryAgainError) pass = undefined;
      throw error;
    });
    return pass;
  };

  /** Of the names that the archive has for the block, from `first` on. */
  async function* read(id: BlockId, first: number): AsyncGenerator<Uint8Array> {
    const shelf = await shelfOnce();
    const names = blockFileNames(network, id).filter((name) => shelf.find(name) !== null);
    for (const name of names.slice(first)) {
      const member = shelf.find(name)!;
      if (member.bytes > BLOCK_FILE_BYTES_MAX) {
        throw new SourceDataError(
          `${name} may have ${BLOCK_FILE_BYTES_MAX} bytes at most, found ${member.bytes}`,
        );
      }
      yield await unpackBlockFile(await shelf.read(member), name);
    }
  }

  return {
    url: maskedUrl,
    isRemote: parseStoreUrl(url).protocol !== "file:",
    async find(id) {
      return (await read(id, 0).next()).value ?? null;
    },
    async *others(id, hadFile) {
      // Of an archive that cannot be read, `find` has told already.
      if ((await pass?.catch(() => null)) != null) yield* read(id, hadFile ? 1 : 0);
    },
    async [Symbol.asyncDispose]() {
      // Whoever waited for a pass that failed has been told so.
      const shelf = await pass?.catch(() => undefined);
      await shelf?.[Symbol.asyncDispose]();
    },
  };
}
