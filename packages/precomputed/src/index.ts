export type { BlockId, BlockSource, VerifiedBlock } from "./block-source.ts";
export { type BlockSources, blockSources, type SourceStatistics } from "./block-sources.ts";
export { type BlockSourcesOptions, openBlockSources } from "./open-block-sources.ts";
