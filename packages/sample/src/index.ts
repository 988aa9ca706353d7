export type { Feature, FeatureCounts } from "./features.ts";
export type { ForkLength } from "./grow-chain.ts";
export { type LivingBlock, LivingSample, type TableRows } from "./living-sample.ts";
export {
  makeSample,
  type SampleProgress,
  type SampleSummary,
  type SampleWatch,
} from "./make-sample.ts";
export { SAMPLE_DEFAULTS, type SampleOptions } from "./options.ts";
export { createRandom, type Random } from "./random.ts";
