export * from "./advisory-lock.ts";
export * from "./binaries.ts";
export * from "./catalog.ts";
export * from "./catalog-faults.ts";
export { maskUrl, urlWithDatabase } from "./connection-url.ts";
export type { CopyValue } from "./copy-text.ts";
export * from "./database-admin.ts";
export * from "./dump.ts";
export * from "./dump-archive.ts";
export { readDumpFolder } from "./dump-forms/folder-dump.ts";
export { dumpEnd, dumpHead } from "./dump-frame.ts";
export { quoteIdentifier, quoteLiteral } from "./identifiers.ts";
export type { Ddl } from "./own-dump.ts";
export * from "./pack-dump.ts";
export { notEmpty } from "./restore/empty-database.ts";
export type { LeftOut } from "./restore/left-out.ts";
export * from "./restore/restore-dump.ts";
export * from "./restore/restored-dump.ts";
export { connectRestorer } from "./restore/restorer.ts";
export * from "./scratch-database.ts";
export * from "./server.ts";
export {
  type ConnectOptions,
  connect,
  Session,
  snapshot,
  type TransactionMode,
} from "./session.ts";
export { sqlStateOf } from "./sqlstate.ts";
