export type { ArchiveCheck, Scope } from "./check.ts";
export { checks } from "./checks/index.ts";
export { type CheckResult, type Difference, toJson, type VerificationReport } from "./report.ts";
export { digestTables } from "./table-digests.ts";
export { countRows } from "./tables.ts";
export { type VerificationOptions, verifyArchive } from "./verify-archive.ts";
export type { VerifierWorld } from "./world.ts";
