export { type Coverage, coverageOf, type Proof } from "./coverage.ts";
export { type ProvenPart, readVersions, type TableVersions } from "./proven-part.ts";
export { type CheckResult, type Difference, toJson, type VerificationReport } from "./report.ts";
export { digestTables } from "./table-digests.ts";
export { type VerificationOptions, verifyArchive } from "./verify-archive.ts";
export type { Anchor, VerifierWorld, Voucher } from "./world.ts";
