export { type Answer, type NotProven, VERDICTS, type Verdict } from "./answer.ts";
export type { CheckResult, Difference } from "./check-result.ts";
export type { Accepted, Anchor, LivingArchive, VerifierContext, Voucher } from "./context.ts";
export type { Coverage, Proof } from "./coverage.ts";
export type { HealedPart, HealedParts } from "./healed.ts";
export {
  type ProvenPart,
  readUnsettled,
  readVersions,
  settledPart,
  settledVersions,
  type TableVersions,
  writtenTablesSql,
} from "./proven-part.ts";
export { blocksAboveAnchor, toJson, type VerificationReport } from "./report.ts";
export { openRests, type RestsOn } from "./rests-on.ts";
export { digestTables } from "./table-digests.ts";
export { BLOCK_TABLES, FILLED_TABLES } from "./tables.ts";
export { readTip, type VerificationOptions, verifyArchive } from "./verify-archive.ts";
export type { WalkMark, WalkMarks } from "./walk/walk-mark.ts";
