export type { Feature, FeatureCounts } from "./features.ts";
export {
  makeSample,
  type SampleWatch,
  type SampleProgress,
  type SampleSummary,
} from "./make-sample.ts";
export { SAMPLE_DEFAULTS, type SampleOptions } from "./options.ts";
