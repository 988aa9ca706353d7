// Block files packed into one tar archive. The archive is read when the first block is asked for.

import { blockFileName } from "@forklift/chain";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { maskUrl, parseStoreUrl, splitObjectUrl } from "@forklift/storage";
import { BLOCK_FILE_BYTES_MAX, type BlockSource } from "./block-source.ts";
import { type BundleOptions, openShelf, type Shelf } from "./shelf.ts";

/** `.tar`, `.tar.gz` and `.tgz` are bundles; every other URL is a folder. */
export function isBundle(url: URL): boolean {
  return /\.(tar|tar\.gz|tgz)$/.test(url.pathname);
}

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
    isCompressed: !parsed.pathname.endsWith(".tar"),
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

  return {
    url: maskedUrl,
    isRemote: parseStoreUrl(url).protocol !== "file:",
    async find(id) {
      const shelf = await shelfOnce();
      const name = blockFileName({ network, ...id });
      const slice = shelf.find(name);
      if (slice !== null && slice.bytes > BLOCK_FILE_BYTES_MAX) {
        throw new SourceDataError(
          `${name} may have ${BLOCK_FILE_BYTES_MAX} bytes at most, found ${slice.bytes}`,
        );
      }
      return slice === null ? null : shelf.read(slice);
    },
    async [Symbol.asyncDispose]() {
      // Whoever waited for a pass that failed has been told so.
      const shelf = await pass?.catch(() => undefined);
      await shelf?.[Symbol.asyncDispose]();
    },
  };
}
