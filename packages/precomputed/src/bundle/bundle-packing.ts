// Tells by its name whether a file is a bundle, and how it is packed.

export type BundlePacking = "none" | "gzip" | "zstd";

const BUNDLES: readonly (readonly [ending: RegExp, BundlePacking])[] = [
  [/\.tar$/, "none"],
  [/\.(tar\.gz|tgz)$/, "gzip"],
  [/\.(tar\.zst|tzst)$/, "zstd"],
];

/** By what it ends in; every other URL is a folder. */
export function isBundle(url: URL): boolean {
  return packingOf(url) !== undefined;
}

/** Undefined for what is no bundle. */
export function packingOf({ pathname }: URL): BundlePacking | undefined {
  return BUNDLES.find(([ending]) => ending.test(pathname))?.[1];
}
