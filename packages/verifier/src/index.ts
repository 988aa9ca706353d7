export type { CheckResult, Difference } from "./check-result.ts";
export { type Coverage, coverageOf, type Proof } from "./coverage.ts";
export { type ProvenPart, readVersions, type TableVersions } from "./proven-part.ts";
export { blocksAboveAnchor, toJson, type VerificationReport } from "./report.ts";
export { digestTables } from "./table-digests.ts";
export { FILLED_TABLES } from "./tables.ts";
export { readTip, type VerificationOptions, verifyArchive } from "./verify-archive.ts";
export type { Anchor, VerifierWorld, Voucher } from "./world.ts";
