export type { Feature, FeatureCounts } from "./features.ts";
export {
  makeSample,
  type SampleProgress,
  type SampleSummary,
  type SampleWatch,
} from "./make-sample.ts";
export { SAMPLE_DEFAULTS, type SampleOptions } from "./options.ts";
export { createRandom, type Random } from "./random.ts";
