// The block source over one tar archive of block files, which is read at the first request.

import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { maskUrl, parseStoreUrl, splitObjectUrl } from "@forklift/storage";
import { blockFileNames } from "../files/block-file-forms.ts";
import { unpackBlockFile, unpackHead } from "../files/unpack-block-file.ts";
import { BLOCK_FILE_BYTES_MAX, type BlockId, type BlockSource } from "../verify/block-source.ts";
import { packingOf } from "./bundle-packing.ts";
import { type BundleOptions, openTarReader, type TarReader } from "./tar-reader.ts";

export interface BundleSourceOptions {
  readonly network: string;
  readonly scratchDirectory: string;
  readonly indexDirectory?: string | null;
}

/** What the URL of a bundle says about it. */
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
  // The archive is opened later, but an unknown scheme is an error at once.
  splitObjectUrl(url);
  const options = bundleOptions(url, given);
  const { network, maskedUrl } = options;

  let pass: Promise<TarReader> | undefined;
  /** Once, for all who ask. A damaged archive stays damaged; a failed download may be repeated. */
  const shelfOnce = () => {
    pass ??= openTarReader(options).catch((error: unknown) => {
      if (error instanceof TryAgainError) pass = undefined;
      throw error;
    });
    return pass;
  };

  /** Of the names that the archive has for the block, from `first` on. */
  async function* read(id: BlockId, first: number, headBytes?: number): AsyncGenerator<Uint8Array> {
    const reader = await shelfOnce();
    const names = blockFileNames(network, id).filter((name) => reader.find(name) !== null);
    for (const name of names.slice(first)) {
      const member = reader.find(name)!;
      if (member.bytes > BLOCK_FILE_BYTES_MAX) {
        throw new SourceDataError(
          `${name} may have ${BLOCK_FILE_BYTES_MAX} bytes at most, found ${member.bytes}`,
          { hint: "get the bundle again" },
        );
      }
      if (headBytes === undefined || member.bytes <= headBytes || member.packed !== null) {
        yield await unpackBlockFile(await reader.read(member), name);
      } else {
        yield await unpackHead(await reader.read({ ...member, bytes: headBytes }), name);
      }
    }
  }

  return {
    url: maskedUrl,
    isRemote: parseStoreUrl(url).protocol !== "file:",
    async find(id, headBytes) {
      return (await read(id, 0, headBytes).next()).value ?? null;
    },
    async *others(id, hadFile) {
      // `find` has reported an archive that cannot be read.
      if ((await pass?.catch(() => null)) != null) yield* read(id, hadFile ? 1 : 0);
    },
    async *list() {
      yield* (await shelfOnce()).members();
    },
    async [Symbol.asyncDispose]() {
      // Whoever waited for the failed pass has received its error.
      const reader = await pass?.catch(() => undefined);
      await reader?.[Symbol.asyncDispose]();
    },
  };
}
