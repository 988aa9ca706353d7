export { type BlockCache, blockCache, type CacheOptions } from "./block-cache.ts";
export type { BlockId, BlockSource, VerifiedBlock, WantedBlock } from "./block-source.ts";
export { type BlockSources, type BlockSourcesParts, blockSources } from "./block-sources.ts";
export { type BlockVerifier, openBlockVerifier, type VerifierOptions } from "./block-verifier.ts";
export { type BlockSourcesOptions, openBlockSources } from "./open-block-sources.ts";
export type { RefusalKind } from "./refusal.ts";
export type { SourceStatistics } from "./source-tally.ts";
export { type BlockClaim, type BlockContent, verifyBlock, verifyBlocks } from "./verify-block.ts";
