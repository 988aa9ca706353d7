export {
  type BlockGrounds,
  type CommandGrounds,
  drawGrounds,
  filesToAgree,
  requireOrigins,
} from "./block-grounds.ts";
export type { BlockSources } from "./block-sources.ts";
export { isBundle } from "./bundle/bundle-packing.ts";
export { type BundleSpace, bundleSpace } from "./bundle-space.ts";
export { CACHE_BYTES_MAX, type CacheOptions } from "./cache/block-cache.ts";
export { blocksByHash } from "./files/block-file-forms.ts";
export type { BlockLink } from "./links/block-link.ts";
export type { ChainPlaces, ListedPlace, ListedRange } from "./links/chain-places.ts";
export { type ListBundleOptions, listIndexedBundle, readBundleThrough } from "./list-bundle.ts";
export { type BlockSourcesOptions, openBlockSources } from "./open-block-sources.ts";
export { type BestTip, bestTip } from "./picking/best-tip.ts";
export { findBlock } from "./picking/find-block.ts";
export { highestBlocks } from "./picking/highest-blocks.ts";
export type { PickStatistics } from "./picking/links-ahead.ts";
export { type PickRange, pickChain } from "./picking/pick-chain.ts";
export type { SourceStatistics } from "./source-tally.ts";
export type { BlockId, VerifiedBlock, WantedBlock } from "./verify/block-source.ts";
export type { SignatureVerdict } from "./verify/check-signatures.ts";
export { requireRightSignatures } from "./verify/right-signatures.ts";
export { type BlockContent, type RecordedBalances, verifyBlocks } from "./verify/verify-block.ts";
